"""The engines beside their peers: models, runs and what they took."""
