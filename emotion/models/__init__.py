"""Trained models on disk: found, described, asked. Knows how to predict, not how good answers are."""
