"""Tissue: injury, oxygen, blood flow and growing vessels, well mixed or in space."""
