"""Data of the package: studies, parameters, references, templates. No code."""
