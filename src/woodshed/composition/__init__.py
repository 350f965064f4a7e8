"""Composition: new scores from what a model learned."""
