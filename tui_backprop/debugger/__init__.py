"""What a debugger is without a screen: the events, a cursor that moves both ways, and where it stops."""
