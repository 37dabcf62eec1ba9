"""The panes around graph and inspector: where each stands, and the lines that it shows."""
