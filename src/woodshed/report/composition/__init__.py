"""Reports of generated music."""
