"""Tokens of folk tunes."""
