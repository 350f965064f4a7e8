"""``woodshed corpus``: the published corpora that woodshed reads in their own layout, one file per verb."""

VERBS = {
    "list": "List the corpora: what they hold, how much, under which licence.",
    "info": "Show what is known about a corpus: licence, citation, layout, where to get it.",
    "check": "Read a corpus on disk: what is there, what is missing, what cannot be read.",
    "fetch": "Download a corpus; what came is kept when it is broken off.",
}
