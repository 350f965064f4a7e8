"""From files on disk to examples to learn from."""
