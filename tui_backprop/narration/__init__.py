"""What a person is told in sentences: events and messages, the log, and an iteration as a worked solution."""
