"""Numbers and events in words: formats, formulas, sentences, and what they make together."""
