"""What can be opened, and how: a lesson, a person's own script."""
