"""A session as numbers over time: how it is kept, counted and handed out. Knows no film and no camera."""
