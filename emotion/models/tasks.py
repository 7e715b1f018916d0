"""What the app may ask a worker to find out about models."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from typing import Literal

from emotion.evaluation.trial import Trial

Kind = Literal["evaluate", "compare", "robustness"]


@dataclass(frozen=True)
class Task:
    """Work on one or two models and the faces of one split.

    Attributes:
        kind: what is to be found out.
        models: their names; two for "compare", one or two for "robustness", else one.
        dataset: an imported dataset's name, or "synthetic".
        split: of the dataset.
        honour_exclusions: leave out the faces on the dataset's exclusion list.
        faces: for "robustness", how many; None for all.
        against: what counts as right, the "labels" or most people's "votes".
    """

    kind: Kind
    models: tuple[str, ...]
    dataset: str
    split: str
    honour_exclusions: bool = False
    faces: int | None = None
    against: str = "labels"

    @classmethod
    def of(cls, kind: Kind, *trials: Trial, faces: int | None = None) -> Task:
        """Return the task for trials that differ in their models alone."""
        first = trials[0]
        models = tuple(trial.model for trial in trials)
        return cls(kind, models, first.dataset, first.split, first.honour_exclusions, faces, first.against)

    def trials(self) -> tuple[Trial, ...]:
        """Return each model with the faces."""
        return tuple(
            Trial(name, self.dataset, self.split, self.honour_exclusions, self.against)
            for name in self.models
        )

    def to_json(self) -> str:
        """Return the task as one line."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Task:
        """Read what `to_json` wrote."""
        content = json.loads(text)
        return cls(**(content | {"models": tuple(content["models"])}))

    def command(self) -> list[str]:
        """Return the command line of the process that does it."""
        return [sys.executable, "-m", "emotion.evaluation.tasks", self.to_json()]
