"""Read ABC files with music21, and print the number of tunes and of notes, and the seconds of the processor."""

import json
import sys
import time

from music21 import converter, stream

n_tunes = n_notes = 0
began = time.process_time()
for path in sys.argv[1:]:
    parsed = converter.parse(path, format="abc", forceSource=True)
    tunes = parsed.scores if isinstance(parsed, stream.Opus) else [parsed]
    for tune in tunes:
        n_tunes += 1
        n_notes += len(tune.flatten().notes)
print(json.dumps({"tunes": n_tunes, "notes": n_notes, "processor_s": time.process_time() - began}))
