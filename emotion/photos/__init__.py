"""A picture and its faces: analysed, drawn, handed out. Keeps nothing on disk."""
