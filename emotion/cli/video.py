"""Films become recordings: `python -m emotion video`."""

import argparse
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from emotion.cli.console import hand_over, is_job, progress_bar, say, say_error
from emotion.errors import ReadableError

if TYPE_CHECKING:  # decoding and tables take half a second to load, which no other command need wait for
    from emotion.recordings.recording import Recording
    from emotion.video.recorder import Pace, RecordingOptions

DEFAULT_FPS = 5.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `video` to a parser."""
    parser.add_argument(
        "files", nargs="+", metavar="FILE", type=Path, help="films: MP4, MOV, WebM, MKV, AVI, GIF"
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--fps",
        type=_positive,
        metavar="N",
        help=f"look at so many frames a second (default: {DEFAULT_FPS:g})",
    )
    which.add_argument("--every", type=_one_of, metavar="1/N", help="look at one frame of N")
    which.add_argument("--all", action="store_true", help="look at every frame")
    parser.add_argument(
        "--from",
        dest="start",
        type=clock_seconds,
        default=0.0,
        metavar="TIME",
        help="begin there: 90, or 1:30",
    )
    parser.add_argument("--to", dest="end", type=clock_seconds, metavar="TIME", help="end before that")
    parser.add_argument(
        "--smoothing", type=_share, default=0.0, metavar="0..1", help="calm the answers over time"
    )
    parser.add_argument("--name", metavar="NAME", help="of the recording (default: of the file)")
    parser.add_argument(
        "--consent", metavar="TEXT", default="", help="where consent is kept, for the recording"
    )
    parser.add_argument(
        "--annotated",
        metavar="OUT.mp4",
        type=Path,
        help="write the film with every face framed and named, too",
    )
    parser.add_argument("--model", metavar="NAME", help="which model (default: the active one)")
    parser.add_argument("--json", action="store_true", help="print JSON, one object a line")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Record the films that the arguments name, one after the other."""
    if len(arguments.files) > 1 and (arguments.name or arguments.annotated):
        say_error("--name and --annotated are for one film.")
        return 2
    if arguments.annotated is not None and arguments.annotated.suffix.lower() != ".mp4":
        say_error(f"{arguments.annotated} must end in .mp4.")
        return 2
    options = _options(arguments)
    made, failed = [], False
    for path in arguments.files:
        try:
            recording = _record(path, options)
            if arguments.annotated is not None:
                _annotate(path, recording, arguments.annotated)
        except ReadableError as error:
            failed = True
            say_error(f"{path}: {error}")
            continue
        made.append(recording)
        failed |= bool(recording.problems)
        _tell(path, recording, arguments.json)
    hand_over({"recordings": [recording.name for recording in made]})
    return int(failed)


def _options(arguments: argparse.Namespace) -> "RecordingOptions":
    from emotion.video.recorder import RecordingOptions
    from emotion.video.sampling import Sampling

    by_time = not (arguments.all or arguments.every)
    sampling = Sampling(
        fps=(arguments.fps or DEFAULT_FPS) if by_time else None,
        every=arguments.every or 1,
        start=arguments.start,
        end=arguments.end,
    )
    return RecordingOptions(sampling, arguments.name, arguments.model, arguments.smoothing, arguments.consent)


def _record(path: Path, options: "RecordingOptions") -> "Recording":
    from emotion.video.recorder import record_film

    with progress_bar(path.name) as show:
        return record_film(path, options, show, _say_pace if is_job() else None)


def _say_pace(pace: "Pace") -> None:
    say(pace.in_words)


def _annotate(path: Path, recording: "Recording", output: Path) -> None:
    from emotion.video.annotating import annotate_film

    with progress_bar(output.name) as show:
        annotate_film(path, recording.name, output, show)
    say(f"Written: {output}")


def _tell(path: Path, recording: "Recording", as_json: bool) -> None:
    from emotion.video.recorder import kept_of

    if recording.problems:
        say_error(f"{path}: {' '.join(recording.problems)}")  # at once: of a job, the last error is shown
    if is_job():
        say(kept_of(recording))
    elif as_json:
        print(json.dumps(recording.to_dict()), flush=True)
    else:
        print(kept_of(recording), flush=True)


def clock_seconds(text: str) -> float:
    """Return the seconds of a time as people write it: 90, 1:30, 0:01:30.5.

    Raises:
        argparse.ArgumentTypeError: it is no time.
    """
    if not re.fullmatch(r"(\d{1,4}:){0,2}\d{1,6}(\.\d{1,25})?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no time; write 90, 1:30 or 0:01:30.5")
    seconds = 0.0
    for part in text.split(":"):
        seconds = 60 * seconds + float(part)
    return seconds


def _one_of(text: str) -> int:
    found = re.fullmatch(r"(?:1/)?(\d{1,6})", text)
    if not found or int(found[1]) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} must be as 1/5: one frame of five")
    return int(found[1])


def _positive(text: str) -> float:
    return _number(text, 0, 1000, "a number above 0, of at most 1000", above=True)


def _share(text: str) -> float:
    return _number(text, 0, 1, "a number from 0 to 1")


def _number(text: str, least: float, most: float, what: str, above: bool = False) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not least <= value <= most or (above and value == least):
        raise argparse.ArgumentTypeError(f"{text!r} must be {what}")
    return value
