"""Quality checks of a labelled data set before training; one module per kind of finding."""

from __future__ import annotations

from woodshed.data.doctor.checkup import doctor, short_checkup
from woodshed.data.doctor.finding import Checkup, Finding

__all__ = ["Checkup", "Finding", "doctor", "short_checkup"]
