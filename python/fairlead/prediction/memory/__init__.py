"""GPU memory of a transformer, before it has run."""
