"""``woodshed audio``: what can be done to sound files, one file per verb."""

VERBS = {
    "info": "Show rate, length, level, loudness and faults of sounds.",
    "convert": "Change format, rate, bit depth or channels.",
    "trim": "Keep one stretch of a sound.",
    "split": "Cut sounds up: evenly, on silence, at onsets, at beats or at marks.",
    "join": "Put sounds one after the other.",
    "silence": "List the silence in sounds, or take it out.",
    "channels": "Split, swap, merge or mix channels.",
    "gain": "Make sounds louder or softer.",
    "normalise": "Bring sounds to one peak, RMS level or loudness.",
    "fade": "Fade in and out.",
    "filter": "Keep or leave out bands, or lift and lower them.",
    "stretch": "Change the tempo and keep the pitch.",
    "pitch": "Change the pitch and keep the tempo.",
    "denoise": "Take steady noise out.",
    "tempo": "Find tempo and beats; write them down, or put clicks on them.",
    "key": "Guess the musical key.",
    "play": "Play a sound.",
    "record": "Record from a microphone.",
}
