"""Training runs on disk: store, queue, process. Knows when a run works and how it ended, but no Keras."""
