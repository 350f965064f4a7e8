"""Quantity: one number for a whole clip, named in a word, for maps of clips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from woodshed.clip import Clip, Samples
from woodshed.errors import ParameterError, near_miss
from woodshed.features import FEATURES
from woodshed.features.lookup import feature_class
from woodshed.features.frame import FrameFeature
from woodshed.features.statistic import statistic, statistic_names, summarise_frames
from woodshed.features.summary import Summary


@dataclass(frozen=True)
class ClipStatistic:
    """One number for a whole clip: a statistic over time of a feature with one value a frame.

    Examples
    --------
    >>> from woodshed.audio import sine
    >>> quantity = quantity_named("centroid")
    >>> quantity.name, float(quantity(sine(1000))[0].round(-2))
    ('spectral_centroid_hz_mean', 1000.0)
    """

    feature: FrameFeature
    statistic: str

    @property
    def name(self) -> str:
        """Name of the feature's value, with the statistic."""
        return statistic_names(self.feature.names, [self.statistic])[0]

    def __call__(self, clip: Clip) -> Samples:
        """Describe a clip, shape ``(1,)``."""
        return summarise_frames(self.feature(clip), [self.statistic])


def quantity_named(words: str) -> ClipStatistic:
    """Read a feature with one value a frame and a statistic, as in ``centroid`` or ``yin:median``.

    Parameters
    ----------
    words
        A word of `woodshed.features.FEATURES`, of which ``spectral-`` may be left out; then, after a colon, a
        statistic of `woodshed.features.statistic`. Without one it is the mean.

    Raises
    ------
    ParameterError
        If there is no such feature or statistic, or the feature has several values a frame.
    """
    word, _, statistic_word = words.strip().partition(":")
    known = word if word in FEATURES else f"spectral-{word}"
    if known not in FEATURES:
        raise ParameterError(
            f"There is no feature {word!r}. {near_miss(word, FEATURES)} Values of woodshed.features.Summary, "
            "such as mfcc1_mean, are understood as well."
        )
    feature = feature_class(known)()
    if feature.n_bands > 1:
        raise ParameterError(
            f"A map needs features with one value a frame, such as spectral-centroid; {known} has "
            f"{feature.n_bands}. Take another, or a value of woodshed.features.Summary, such as mfcc1_mean."
        )
    statistic(statistic_word or "mean")
    return ClipStatistic(feature, statistic_word or "mean")


def check_map_words(by: Sequence[str]) -> None:
    """Refuse features that a map cannot be drawn by, before any sound is read.

    Raises
    ------
    ParameterError
        If there are not two different ones, or one is none.

    Examples
    --------
    >>> check_map_words(["centroid", "mfcc1_mean"])
    """
    if len(set(by)) != 2 or len(by) != 2:
        raise ParameterError(f"A map needs two different features, got {', '.join(by) or 'none'}.")
    for word in by:
        if word not in Summary().names:
            quantity_named(word)
