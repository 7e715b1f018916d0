"""What a recording is, beside its numbers: `recording.json`, read, checked and written."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from emotion.errors import ReadableError
from emotion.files import read_object, write_json

RECORDING = "recording.json"
# Of `recording.json` and the tables beside it; raised when an entry or a column changes its meaning:
# `read_recording` then brings older ones forward. What is only added raises it not.
FORMAT_VERSION = 1


class RecordingError(ReadableError):
    """A recording is missing, damaged, or cannot be made; the message is one sentence for a person."""


class RecordingState(StrEnum):
    """Where a recording stands."""

    RECORDING = "recording"  # its writer is at work, or was killed: `store` tells which
    FINISHED = "finished"
    INTERRUPTED = "interrupted"  # cancelled or killed: what had come by then is whole


@dataclass(frozen=True)
class Source:
    """What was recorded.

    Attributes:
        kind: "film" or "camera".
        name: of the file, without its folder.
        bytes: its size; 0 where there is no file.
        sha256: of its content, in hexadecimal digits; "" where there is no file.
        container: its format, in FFmpeg's words.
        codec: likewise.
        width: of the picture in pixels, as a person sees it: turned, and pixels square.
        height: likewise.
    """

    kind: str = "film"
    name: str = ""
    bytes: int = 0
    sha256: str = ""
    container: str = ""
    codec: str = ""
    width: int = 0
    height: int = 0


@dataclass(frozen=True)
class Model:
    """The model that named the expressions, and what its card said of it then.

    Attributes:
        name: of the model.
        version: see `emotion.models.card.folder_version`.
        accuracy: on the test split of its dataset, 0 to 1, or None.
        calibration_error: likewise, 0 to 1, or None.
        temperature: by which its logits are divided, or None.
        dataset: that it was measured on, or "".
        judged_by: what counted as right then: "labels" or "votes".
    """

    name: str = ""
    version: str = ""
    accuracy: float | None = None
    calibration_error: float | None = None
    temperature: float | None = None
    dataset: str = ""
    judged_by: str = "labels"


@dataclass(frozen=True)
class Recording:
    """A session, but for its numbers.

    Attributes:
        name: of the recording and its folder.
        state: where it stands.
        source: what was recorded.
        model: what named the expressions.
        detector: settings of the face detector, by name.
        software: version of this program.
        created: when it was made, UTC, ISO 8601.
        start: what time it was at second 0 of the film, UTC, ISO 8601; "" where nobody knows.
        start_from: where that is from, e.g. "the film's metadata"; "" where nobody knows.
        sampling: which frames were looked at, in words, e.g. "5 frames a second".
        first_second: where the part that was looked at begins, in seconds of the film.
        last_second: where it ends; None: with the film.
        smoothing: 0 (every answer as the model gives it) to 1, see `emotion.live.tracking.Smoother`.
        frames: how many were looked at.
        seconds: the time of the last of them, in seconds of the film.
        people: how many numbers were given to faces.
        consent: where the consent of those who are seen is kept, in the words of whoever recorded.
        problems: what went wrong, a sentence each.
        format_version: of this file and the tables.
    """

    name: str
    state: RecordingState = RecordingState.RECORDING
    source: Source = field(default_factory=Source)
    model: Model = field(default_factory=Model)
    detector: dict[str, Any] = field(default_factory=dict)
    software: str = ""
    created: str = ""
    start: str = ""
    start_from: str = ""
    sampling: str = "every frame"
    first_second: float = 0.0
    last_second: float | None = None
    smoothing: float = 0.0
    frames: int = 0
    seconds: float = 0.0
    people: int = 0
    consent: str = ""
    problems: tuple[str, ...] = ()
    format_version: int = FORMAT_VERSION

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON types."""
        return asdict(self) | {"state": str(self.state), "problems": list(self.problems)}


def write_recording(folder: Path, recording: Recording) -> None:
    """Write `recording.json`.

    Raises:
        FileError: the disk refuses.
    """
    write_json(folder / RECORDING, recording.to_dict())


def read_recording(folder: Path) -> Recording:
    """Read and check the `recording.json` of a folder; entries that this version does not know are left out.

    Raises:
        RecordingError: there is none, it is damaged, or of a newer version.
    """
    content = read_object(folder / RECORDING)
    if content is None and not (folder / RECORDING).exists():
        raise RecordingError(f"There is no recording {folder.name!r}.")
    if content is not None and _is_newer(content):
        raise RecordingError(f"The recording {folder.name!r} needs a newer version of this program.")
    try:
        return replace(_from_dict(content or {}), name=folder.name)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise RecordingError(f"The file {RECORDING} of the recording {folder.name!r} is damaged.") from error


def _is_newer(content: Mapping[str, Any]) -> bool:
    version = content.get("format_version")
    return isinstance(version, int) and version > FORMAT_VERSION


def _from_dict(content: Mapping[str, Any]) -> Recording:
    if content["format_version"] != FORMAT_VERSION:
        raise ValueError("no version that ever was")
    told = _known(Recording, content)
    for name, kind in (
        ("frames", int),
        ("people", int),
        ("seconds", int | float),
        ("smoothing", int | float),
    ):
        if not isinstance(told[name], kind):
            raise TypeError(f"{name} is no number")
    told["state"] = RecordingState(told["state"])
    told["source"] = Source(**_known(Source, told["source"]))
    told["model"] = Model(**_known(Model, told["model"]))
    told["problems"] = tuple(map(str, told["problems"]))
    return Recording(**told)


def _known(kind: type[Any], content: Any) -> dict[str, Any]:
    if not isinstance(content, Mapping):
        raise TypeError(f"{kind.__name__} is no object")
    return {each.name: content[each.name] for each in fields(kind) if each.name in content}
