"""Where the faces of a picture are, each cut out as a model wants it. Knows no emotion."""
