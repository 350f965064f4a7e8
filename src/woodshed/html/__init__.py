"""HTML documents without scripts: markup, layout, SVG charts."""
