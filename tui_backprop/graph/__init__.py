"""The graph as a picture: what is drawn of it, where it stands, and which marks a moment puts there."""
