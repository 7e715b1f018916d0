"""A recording in the forms that other programs read; knows what a recording is, writes no file."""
