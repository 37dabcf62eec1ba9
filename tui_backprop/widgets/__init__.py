"""The panes of the screen: each shows the lines that a pure function drew."""
