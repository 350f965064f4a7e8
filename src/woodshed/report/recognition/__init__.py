"""Reports of recognition experiments."""
