"""MusicXML."""
