"""Batches, losses, target scaling and ensembles of recognition networks."""
