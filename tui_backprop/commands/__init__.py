"""What a command line does: the app, or something that is printed, graded, exported, led, joined or served."""
