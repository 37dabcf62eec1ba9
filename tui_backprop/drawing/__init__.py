"""What every picture is made of: lines of spans, the colours behind their names, and the signs."""
