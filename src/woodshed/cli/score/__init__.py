"""``woodshed score``: what can be done to score files, one file per verb."""

VERBS = {
    "info": "Show length, parts, range, key, metre and tempo of scores.",
    "convert": "Change format: MIDI, ABC, MusicXML, a table of notes.",
    "edit": "Transpose, quantise, cut, repeat, change the tempo, or keep some parts.",
    "render": "Play scores into sound files.",
}
