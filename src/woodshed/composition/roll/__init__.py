"""Composers of piano rolls: any number of simultaneous notes."""
