"""Values to files and back: atomic, versioned, readable by other programs."""
