"""Labelled faces on disk: imported once, opened memory-mapped, split, counted. Knows no model."""
