"""``woodshed audio``: processing of sound files, one file per verb."""

VERBS = {
    "info": "Show sample rate, duration, level, loudness and defects.",
    "convert": "Convert format, sample rate, bit depth or channels.",
    "trim": "Keep one section, or remove silence at both ends.",
    "split": "Cut into parts: at equal intervals, silences, onsets, beats or marks.",
    "join": "Concatenate sounds.",
    "silence": "List or remove silence.",
    "channels": "Split, swap, merge or mix channels.",
    "gain": "Change the level.",
    "normalise": "Set peak level, RMS level or loudness.",
    "fade": "Fade in and out.",
    "filter": "Apply low-pass, high-pass, band-stop, peak and shelving filters.",
    "stretch": "Change the tempo without changing the pitch.",
    "pitch": "Change the pitch without changing the tempo.",
    "denoise": "Reduce stationary noise.",
    "tempo": "Estimate tempo and beats, and add clicks to check them.",
    "key": "Estimate the musical key.",
    "play": "Play sounds.",
    "record": "Record from a microphone.",
}
