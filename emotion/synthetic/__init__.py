"""Drawn people with a known expression, to try everything without data. Knows how to draw."""
