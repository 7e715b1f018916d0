"""Facial expression recognition: what the dashboard knows, free of any user interface."""
