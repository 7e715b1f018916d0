"""What an evaluation found out, as plain data: the one result, whoever evaluates and whoever shows it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from math import sqrt
from typing import Any

import numpy as np

from emotion.labels import EMOTIONS, in_percent

_NORMAL_QUANTILE = 1.959963984540054  # of 97.5 %: within so many deviations lie 95 %
_NEUTRAL = EMOTIONS.index("neutral")


@dataclass(frozen=True)
class Proportion:
    """How many of how many faces are right, and how sure one may be of that.

    Attributes:
        right: faces answered rightly.
        n: faces in all, at least 1.
        low: lower end of the 95 % interval of the share, 0 to 1 (Wilson 1927, "Probable Inference, the Law
            of Succession, and Statistical Inference"): unlike the textbook's, it stays within 0 and 1.
        high: its upper end.
    """

    right: int
    n: int
    low: float = field(init=False)
    high: float = field(init=False)

    def __post_init__(self) -> None:
        if not 0 <= self.right <= self.n or not self.n:
            raise ValueError(f"{self.right} of {self.n} is no share")
        z_squared = _NORMAL_QUANTILE**2
        middle = (self.right + z_squared / 2) / (self.n + z_squared)
        spread = sqrt(self.right * (self.n - self.right) / self.n + z_squared / 4)
        reach = _NORMAL_QUANTILE * spread / (self.n + z_squared)
        object.__setattr__(self, "low", middle - reach if self.right else 0.0)
        object.__setattr__(self, "high", middle + reach if self.right < self.n else 1.0)

    @classmethod
    def of(cls, right: np.ndarray) -> "Proportion | None":
        """Return how many of bool (n,) are true; None of none at all."""
        return cls(int(right.sum()), len(right)) if len(right) else None

    @property
    def share(self) -> float:
        """The share that is right, 0 to 1."""
        return self.right / self.n

    @property
    def in_words(self) -> str:
        """The share with its interval, in percent."""
        interval = f"{in_percent(self.low)} to {in_percent(self.high)}"
        return f"{in_percent(self.share)} (95 % interval {interval}, {self.n:,} faces)"


@dataclass(frozen=True)
class ReliabilityBin:
    """The answers whose confidence lies between `low` and `high`; all but `count` from 0 to 1."""

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


@dataclass(frozen=True)
class CoveragePoint:
    """What an abstaining model does: it answers the `coverage` (0 to 1) it is surest of.

    Attributes:
        coverage: the share of the faces that get an answer.
        accuracy: the share of these answers that is right.
        confidence: the lowest confidence among them.
    """

    coverage: float
    accuracy: float
    confidence: float


@dataclass(frozen=True)
class AgreementGroup:
    """The faces on which people agree about as much.

    Attributes:
        title: how much, in words.
        by_label: answers that equal the dataset's label.
        by_crowd: answers that equal what most people say; None where that is never one of the seven.
    """

    title: str
    by_label: Proportion
    by_crowd: Proportion | None


@dataclass(frozen=True)
class Copies:
    """Faces that also stand, equal or mirrored, in the dataset's training or validation, and all others."""

    known: Proportion | None
    unknown: Proportion | None


@dataclass(frozen=True)
class Report:
    """Everything an evaluation says; what a run keeps of it has the first two alone.

    Attributes:
        confusion_matrix: 7 rows of 7 counts: rows the right answer, columns the answer.
        ece: expected calibration error, 0 to 1 (see `metrics.expected_calibration_error`).
        reliability: the bins that have answers, from unsure to sure.
        coverage: from few faces to all.
        model: its name.
        dataset: the dataset's name, or its path.
        split: of the dataset.
        against: what counts as right, the "labels" or most people's "votes".
        excluded: how many faces were left out because they are on the exclusion list.
        unclear: how many were left out because most people saw none of the seven emotions.
        copies: None where the split is the training split, or there is none.
        agreement: from disputed to clear; empty without votes.
        seconds: how long the predictions took.
    """

    confusion_matrix: list[list[int]]
    ece: float
    reliability: tuple[ReliabilityBin, ...] = ()
    coverage: tuple[CoveragePoint, ...] = ()
    model: str = ""
    dataset: str = ""
    split: str = ""
    against: str = "labels"
    excluded: int = 0
    unclear: int = 0
    copies: Copies | None = None
    agreement: tuple[AgreementGroup, ...] = ()
    seconds: float = 0.0

    def __post_init__(self) -> None:
        size = len(EMOTIONS)
        if self._counts.shape != (size, size) or self._counts.sum() < 1:
            raise ValueError(f"a confusion matrix has {size} rows of {size} counts and at least one face")

    @cached_property
    def _counts(self) -> np.ndarray:
        return np.array(self.confusion_matrix, dtype=np.int64)

    @cached_property
    def _shares(self) -> dict[str, np.ndarray]:
        """Precision, recall and F1 of each class, float (7,); 0 where there is nothing to divide by."""
        right, faces, answers = self._counts.diagonal(), self._counts.sum(axis=1), self._counts.sum(axis=0)
        return {
            "precision": right / np.maximum(answers, 1),
            "recall": right / np.maximum(faces, 1),
            "f1": 2 * right / np.maximum(faces + answers, 1),
        }

    def missing(self) -> list[str]:
        """Return the emotions that no face shows: nothing is said of them."""
        return [name for name, faces in zip(EMOTIONS, self._counts.sum(axis=1), strict=True) if not faces]

    def _mean(self, share: str) -> float:
        return float(self._shares[share][self._counts.any(axis=1)].mean())

    @property
    def n(self) -> int:
        """How many faces."""
        return int(self._counts.sum())

    @cached_property
    def overall(self) -> Proportion:
        """All faces."""
        return Proportion(int(self._counts.trace()), self.n)

    @property
    def accuracy(self) -> float:
        """The share of right answers, 0 to 1."""
        return self.overall.share

    @property
    def macro_f1(self) -> float:
        """Mean of the F1 of those classes that the faces have, 0 to 1."""
        return self._mean("f1")

    @property
    def balanced_accuracy(self) -> float:
        """Mean recall of those classes that the faces have, 0 to 1: guessing one class gains nothing."""
        return self._mean("recall")

    @property
    def neutral_bias(self) -> float:
        """The share of the answers that are neutral, minus the share of the faces that are; -1 to 1."""
        return float((self._counts[:, _NEUTRAL].sum() - self._counts[_NEUTRAL].sum()) / self.n)

    @cached_property
    def per_class(self) -> dict[str, dict[str, float]]:
        """Emotion -> precision, recall, f1 (0 to 1), support (faces)."""
        support = self._counts.sum(axis=1)
        return {
            name: {key: round(float(values[index]), 6) for key, values in self._shares.items()}
            | {"support": int(support[index])}
            for index, name in enumerate(EMOTIONS)
        }

    def mistakes_in_words(self) -> str:
        """Say which class is found least often, and what is taken for what most, by shares of the class."""
        shares = self._counts / np.maximum(self._counts.sum(axis=1, keepdims=True), 1)
        np.fill_diagonal(shares, 0)
        if not shares.any():
            return "No class is mixed up with another."
        label, answer = (EMOTIONS[index] for index in np.unravel_index(shares.argmax(), shares.shape))
        present = {name: item["recall"] for name, item in self.per_class.items() if item["support"]}
        worst = min(present, key=present.__getitem__)
        return (
            f"Found least often is {worst} ({in_percent(present[worst], 0)}). Most often, {label} is taken "
            f"for {answer}: {in_percent(shares.max(), 0)} of all {label} faces."
        )

    def figures(self) -> dict[str, Any]:
        """Return, as JSON types, what a model's card and a run's result keep."""
        return {
            "n": self.n,
            "accuracy": round(self.accuracy, 6),
            "macro_f1": round(self.macro_f1, 6),
            "ece": self.ece,
            "per_class": self.per_class,
            "confusion_matrix": self.confusion_matrix,
        }

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON types; `figures` first."""
        derived = {
            "balanced_accuracy": round(self.balanced_accuracy, 6),
            "neutral_bias": round(self.neutral_bias, 6),
            "overall": asdict(self.overall),
            "confusion": self.confusion_matrix,  # what `models evaluate --json` called it first
        }
        return self.figures() | derived | asdict(self)

    @classmethod
    def from_figures(cls, content: Mapping[str, Any]) -> "Report":
        """Read what `figures` wrote; what they do not tell stays at its default.

        Raises:
            KeyError, TypeError, ValueError: it is something else.
        """
        return cls(content["confusion_matrix"], float(content["ece"]))


@dataclass(frozen=True)
class RobustnessCurve:
    """How accuracy falls as pictures get worse in one way.

    Attributes:
        kind: which way, a key of `robustness.CORRUPTIONS`.
        levels: how strongly, in the unit of that way; the first changes nothing.
        accuracy: of each level, 0 to 1.
    """

    kind: str
    levels: tuple[float, ...]
    accuracy: tuple[float, ...]


@dataclass(frozen=True)
class Robustness:
    """All curves of a model on the same faces.

    Attributes:
        model: its name when it was measured.
        n: how many faces.
        curves: one of each way.
        against: what counts as right, the "labels" or most people's "votes".
    """

    model: str
    n: int
    curves: tuple[RobustnessCurve, ...]
    against: str = "labels"

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "Robustness":
        """Read what `asdict` made of one.

        Raises:
            KeyError, TypeError: it is something else.
        """
        curves = tuple(
            RobustnessCurve(item["kind"], tuple(item["levels"]), tuple(item["accuracy"]))
            for item in content["curves"]
        )
        return cls(content["model"], content["n"], curves, content.get("against", "labels"))
