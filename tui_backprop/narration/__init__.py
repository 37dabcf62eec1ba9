"""Events and messages as sentences, the log, and an iteration as a worked solution."""
