"""Work in the background: a command of our own, started, watched, cancelled. Knows not what it does."""
