"""Many subjects and many arms through the same flow; runs that can be stopped and resumed."""
