"""Figures of clips, features, scores and timelines, drawn with matplotlib."""
