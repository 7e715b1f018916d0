"""A recording with its numbers, as statistics, exports, figures and pages take it."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pandas as pd

from emotion.recordings import statistics, store
from emotion.recordings.baseline import correct_baseline
from emotion.recordings.markers import Marker, read_markers
from emotion.recordings.recording import Recording
from emotion.recordings.statistics import Episode, FaceSummary


@dataclass(frozen=True, eq=False)
class Session:
    """A recording and its tables.

    Attributes:
        recording: what it is.
        faces: the table FACES, by time and number.
        frames: the table FRAMES.
        markers: by their start.
        rest: the stretch that the answers are taken relative to; None: they are as the model gave them.
    """

    recording: Recording
    faces: pd.DataFrame
    frames: pd.DataFrame
    markers: tuple[Marker, ...] = ()
    rest: Marker | None = None

    @cached_property
    def people(self) -> list[FaceSummary]:
        """What each person showed."""
        return statistics.summarise(self.faces, self.frames)

    @cached_property
    def episodes(self) -> list[Episode]:
        """All episodes, by their start."""
        return statistics.episodes(self.faces, self.frames)

    def to_dict(self) -> dict[str, Any]:
        """Return the recording and what it comes to, as JSON types."""
        transitions = statistics.transitions(self.faces, self.frames)
        agreement = statistics.agreement(self.faces)
        return {
            "recording": self.recording.to_dict(),
            "corrected_to_rest": None if self.rest is None else [self.rest.start, self.rest.end],
            "people": [person.to_dict() for person in self.people],
            "episodes": [episode.to_dict() for episode in self.episodes],
            "transitions": {
                before: {after: int(count) for after, count in row.items() if count}
                for before, row in transitions.iterrows()
                if row.any()
            },
            "agreement": [
                {name: None if pd.isna(value) else value for name, value in row.items()}
                for row in agreement.to_dict("records")
            ],
            "markers": [
                {
                    "start": marker.start,
                    "end": marker.end,
                    "label": marker.label,
                    "note": marker.note,
                    "people": [
                        person.to_dict() for person in statistics.summarise(self.faces, self.frames, marker)
                    ],
                }
                for marker in self.markers
            ],
        }


def load(name: str, rest: Marker | None = None) -> Session:
    """Return a recording with its numbers.

    Args:
        name: of the recording.
        rest: take the answers relative to this stretch, see `emotion.recordings.baseline`.

    Raises:
        RecordingError: there is none, it is damaged, or nobody was seen at rest.
    """
    recording = store.open_recording(name)
    session = Session(
        recording,
        store.read_faces(name).to_pandas(),
        store.read_frames(name).to_pandas(),
        tuple(read_markers(store.recording_folder(name))),
    )
    return (
        session if rest is None else replace(session, faces=correct_baseline(session.faces, rest), rest=rest)
    )
