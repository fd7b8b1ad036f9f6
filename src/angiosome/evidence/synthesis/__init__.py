"""Effect sizes and what they say together."""
