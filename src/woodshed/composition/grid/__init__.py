"""Composers of grids: a fixed number of voices on a time grid."""
