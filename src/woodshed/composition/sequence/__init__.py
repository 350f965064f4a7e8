"""Composers of token sequences."""
