"""HTML documents: markup, layout, SVG charts, embedded images and sounds."""
