"""Numbers, formulas and worked equations as text, and the one place that fits text into a width."""
