"""Can this dose do it? From a study file to copies in a cell, a verdict, and a ranking."""
