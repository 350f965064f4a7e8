"""Recognition: sound in, classes, tags or values out."""
