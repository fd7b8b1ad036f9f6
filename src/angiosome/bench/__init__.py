"""The stiff engine beside its peers: models, runs and what they took."""
