"""The terminal: what it sends is foreign, what it shows is kept, and however the app ends it is left clean."""
