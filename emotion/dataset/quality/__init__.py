"""What may be wrong with a dataset: copies, blank pictures, conflicts. Asks no model."""
