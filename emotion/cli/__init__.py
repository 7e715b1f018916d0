"""The command line: parses, calls a room, prints. Knows every room, and no room knows it."""
