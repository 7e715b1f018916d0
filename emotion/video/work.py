"""A film recorded in the background: the job's command, and what it may use."""

from pathlib import Path

import numpy as np

from emotion.jobs.jobs import Limits
from emotion.video.recorder import RecordingOptions

# Enough for hours of film at every frame on a slow machine. A 1080p film takes some 290 MB whatever its
# length (`python benchmarks/video.py`); the largest pictures that are read take more.
LIMITS = Limits(
    seconds=24 * 3600.0,
    memory=3_000_000_000,
    crashed="Reading the film ended the program; what was recorded by then is kept.",
)
LANE = "video"


def arguments(path: Path, options: RecordingOptions, annotated: Path | None = None) -> list[str]:
    """Return the arguments of `python -m emotion` that record a film, for `Jobs.start`.

    The job tells how many frames were looked at and of about how many, how fast that goes as its message, and
    at the end, as its result, `recordings`: a list of the names. It fails, with a sentence, also where only a
    part of the film could be read; what could be is kept and named in the result.

    Args:
        path: of the film.
        options: what is made of it.
        annotated: where to write the film with every face drawn on it; None: nowhere.
    """
    sampling = options.sampling
    which = f"--fps={sampling.fps!r}" if sampling.fps is not None else f"--every={sampling.every}"
    given = [
        "video",
        which,
        f"--from={_plain(sampling.start)}",
        *([] if sampling.end is None else [f"--to={_plain(sampling.end)}"]),
        f"--smoothing={options.smoothing!r}",
        f"--consent={options.consent}",
        *([] if options.name is None else [f"--name={options.name}"]),
        *([] if options.model is None else [f"--model={options.model}"]),
        *([] if annotated is None else [f"--annotated={annotated.absolute()}"]),
    ]
    return [*given, "--", str(path.absolute())]


def _plain(seconds: float) -> str:
    """Return a number that means exactly that, without an exponent."""
    return np.format_float_positional(seconds, trim="-")
