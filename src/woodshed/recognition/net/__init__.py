"""Losses and ensembles of the recognition networks."""
