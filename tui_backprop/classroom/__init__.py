"""A class: pupils follow a teacher's session with viewers of their own; what it is about is sent, not pixels."""
