"""``woodshed corpus``: published corpora in their own layout, one file per verb."""

VERBS = {
    "info": "Show licence, citation, layout and download addresses of a corpus.",
    "check": "Check a corpus on disk: what is there, what is missing, what is unusable.",
    "fetch": "Download a corpus; an interrupted download is resumed.",
}
