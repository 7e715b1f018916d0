"""Where the faces of a picture are, each cut out as a model wants it. Knows no emotion."""

# Faces are squares of so many pixels: to the datasets, to the models, and as they are cut out for them.
FACE_SIZE = 48
