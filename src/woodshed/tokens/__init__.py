"""Tokens: scores and texts as rows of small whole numbers, and back: ``decode(encode(x)) == x``."""
