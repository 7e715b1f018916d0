"""Models in and out: formats, conversion, checks. Executes nothing of what strangers bring."""
