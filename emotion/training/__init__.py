"""Training in Keras: settings, network, recipe, loop. Is told a folder; knows no store and no queue."""
