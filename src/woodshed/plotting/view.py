"""Views: what can be drawn of a sound, each a function that turns it into panels.

=============  ====================================================================================
waveform       each channel; of a long sound the range of the samples under each point
spectrogram    level against time and frequency, every octave as high as any other
mel            the same in mel bands, as nets see it
mfcc           cepstral coefficients, without the loudness
chroma         pitch classes, whatever the octave
cqt            semitones, from C1 up
tempogram      how strongly onsets repeat, against beats per minute
f0             the pitch of one voice over a spectrogram
onsets         onset strength over the waveform, with onsets and beats
features       six curves of the classical short-term set
spectrum       average level against frequency
=============  ====================================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from woodshed.errors import ParameterError, near_miss
from woodshed.plotting import curve as plot_curve
from woodshed.plotting import image as plot_image
from woodshed.plotting.panel import Panel
from woodshed.plotting.sound import Heard

VIEWS: dict[str, Callable[[Heard], list[Panel]]] = {
    "waveform": plot_curve.waveform,
    "spectrogram": plot_image.spectrogram,
    "mel": plot_image.mel,
    "mfcc": plot_image.mfcc,
    "chroma": plot_image.chroma,
    "cqt": plot_image.cqt,
    "tempogram": plot_image.tempogram,
    "f0": plot_image.f0,
    "onsets": plot_curve.onsets,
    "features": plot_curve.features,
    "spectrum": plot_curve.spectrum,
}
"""Word -> function that draws it, in the order in which they are listed for people."""


def views_named(words: Sequence[str]) -> tuple[str, ...]:
    """Read words for views, which may be lists with commas; each view is taken once.

    Raises
    ------
    ParameterError
        If there is no such view, or none at all.

    Examples
    --------
    >>> views_named(["waveform", "mel,chroma", "mel"])
    ('waveform', 'mel', 'chroma')
    """
    names = [name.strip() for word in words for name in word.split(",") if name.strip()]
    for name in names:
        if name not in VIEWS:
            raise ParameterError(f"There is no view {name!r}. {near_miss(name, VIEWS)}")
    if not names:
        raise ParameterError(f"A picture needs a view. {near_miss('', VIEWS)}")
    return tuple(dict.fromkeys(names))


def panels_of(heard: Heard, views: Sequence[str]) -> list[Panel]:
    """Compute the panels of a sound, view by view.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> from woodshed.plotting.sound import heard_clip
    >>> [panel.title for panel in panels_of(heard_clip(sine(440)), ["waveform", "spectrum"])]
    ['Waveform', 'Average spectrum']
    """
    return [panel for view in views_named(views) for panel in VIEWS[view](heard)]
