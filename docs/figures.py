"""Make the pictures of the gallery: ``python docs/figures.py`` writes ``docs/figures/*.png``.

Each picture is a file that its commands write, reduced to a palette of 128 colours. ``recordings`` is the
folder of the recordings that come with woodshed.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

FIGURES = {
    "jig": (
        "A jig",
        "jig/tune-01.png",
        ('woodshed generate tune -n 1 --metre 6/8 --key "D dorian" --bars 16 --seed 7 --out jig',),
    ),
    "digits": (
        "Three spoken digits, with their fundamental frequency",
        "digits.png",
        (
            "woodshed audio join recordings/3_george_4.flac recordings/7_theo_4.flac "
            "recordings/9_yweweler_4.flac --out digits.wav",
            "woodshed plot digits.wav --as waveform,mel,f0 --dpi 75",
        ),
    ),
    "digits-map": (
        "Two digits on the two features that tell them apart best",
        "map.png",
        ("woodshed plot two-digits --as decision-map --dpi 75 --out map.png",),
    ),
}
"""Name -> title, file to keep, and the commands that make it."""


def main() -> None:
    """Make every picture."""
    from PIL import Image

    from woodshed.data.sample import sample_folder

    recordings = sample_folder() / "recordings"
    target = Path(__file__).with_name("figures")
    target.mkdir(exist_ok=True)
    for name, (_, file, commands) in FIGURES.items():
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "recordings").symlink_to(recordings)
            for digit in "07":
                Path(folder, "two-digits", digit).mkdir(parents=True)
                for path in sorted(recordings.glob(f"{digit}_*.flac"))[::3]:
                    Path(folder, "two-digits", digit, path.name).symlink_to(path)
            for command in commands:
                program = "from woodshed.cli import main; main()"
                words = [sys.executable, "-c", program, *shlex.split(command)[1:], "--force"]
                subprocess.run(words, cwd=folder, check=True, env=os.environ)
            with Image.open(Path(folder, file)) as picture:
                picture.convert("RGB").quantize(128).save(target / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
