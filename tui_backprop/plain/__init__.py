"""A session as lines: commands are read, sentences are written, nothing that was written is ever touched again."""
