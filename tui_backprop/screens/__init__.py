"""The screens: stepping, and what lies over it."""
