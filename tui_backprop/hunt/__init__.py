"""Bug hunts: an engine with one mistake, of which only the numbers tell, and how it is found."""
