"""``woodshed score``: processing of score files, one file per verb."""

VERBS = {
    "info": "Show duration, parts, range, key, metre and tempo of scores.",
    "convert": "Convert between MIDI, ABC, MusicXML and tables of notes.",
    "edit": "Transpose, quantise, cut, repeat, change tempo or metre, or extract parts.",
    "render": "Render scores as sound files.",
}
