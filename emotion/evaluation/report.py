"""What an evaluation found out, as plain data: the app reads it and imports none of what computed it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from emotion.labels import in_percent


@dataclass(frozen=True)
class Proportion:
    """How many of how many faces are right, and how sure one may be of that.

    Attributes:
        right: faces answered rightly.
        n: faces in all, at least 1.
        low: lower end of the 95 % interval of the share, 0 to 1.
        high: its upper end.
    """

    right: int
    n: int
    low: float
    high: float

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
    """Faces that also stand, equal in every pixel, in the dataset's training split, and all others."""

    known: Proportion | None
    unknown: Proportion | None


@dataclass(frozen=True)
class Report:
    """Everything an evaluation says.

    Attributes:
        model: its name when it was evaluated.
        dataset: the dataset's name.
        split: of the dataset.
        against: what counts as right, the "labels" or most people's "votes".
        excluded: how many faces were left out because they are on the exclusion list.
        unclear: how many were left out because most people saw none of the seven emotions.
        overall: all faces.
        macro_f1: mean of the F1 of the classes that the faces have, 0 to 1.
        ece: expected calibration error, 0 to 1.
        per_class: emotion -> precision, recall, f1 (0 to 1), support (faces).
        confusion: 7 rows of 7 counts: rows the right answer, columns the answer.
        reliability: the bins that have answers, from unsure to sure.
        coverage: from few faces to all.
        copies: None where the split is the training split, or there is none.
        agreement: from disputed to clear; empty without votes.
        seconds: how long the predictions took.
    """

    model: str
    dataset: str
    split: str
    against: str
    excluded: int
    unclear: int
    overall: Proportion
    macro_f1: float
    ece: float
    per_class: dict[str, dict[str, float]]
    confusion: list[list[int]]
    reliability: tuple[ReliabilityBin, ...]
    coverage: tuple[CoveragePoint, ...]
    copies: Copies | None
    agreement: tuple[AgreementGroup, ...]
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON types; `accuracy` stands beside what it comes from."""
        return {"n": self.overall.n, "accuracy": self.overall.share} | asdict(self)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Report:
        """Read what `to_dict` wrote.

        Raises:
            KeyError, TypeError: it is something else.
        """
        values = {key: value for key, value in content.items() if key not in ("n", "accuracy")}
        copies = values["copies"]
        values |= {
            "overall": Proportion(**values["overall"]),
            "reliability": tuple(ReliabilityBin(**item) for item in values["reliability"]),
            "coverage": tuple(CoveragePoint(**item) for item in values["coverage"]),
            "copies": copies and Copies(_proportion(copies["known"]), _proportion(copies["unknown"])),
            "agreement": tuple(
                AgreementGroup(item["title"], Proportion(**item["by_label"]), _proportion(item["by_crowd"]))
                for item in values["agreement"]
            ),
        }
        return cls(**values)


def _proportion(content: Mapping[str, Any] | None) -> Proportion | None:
    return None if content is None else Proportion(**content)


@dataclass(frozen=True)
class Comparison:
    """Two models on the same faces.

    Attributes:
        first, second: the models' names.
        both, only_first, only_second, neither: how many faces each of these gets right.
        p_value: how likely chance alone splits `only_first` and `only_second` at least so unevenly.
    """

    first: str
    second: str
    both: int
    only_first: int
    only_second: int
    neither: int
    p_value: float

    @property
    def n(self) -> int:
        """How many faces there are."""
        return self.both + self.only_first + self.only_second + self.neither

    @property
    def is_more_than_chance(self) -> bool:
        """Whether the difference would be rare (below 1 in 20) between equally good models."""
        return self.p_value < 0.05

    def in_words(self) -> str:
        """Return in one or two sentences which is better, by how much, and whether that means anything."""
        difference = self.only_second - self.only_first
        if not self.only_first and not self.only_second:
            return f"{self.first} and {self.second} are right and wrong on the very same faces."
        if difference == 0:
            return (
                f"{self.first} and {self.second} get as many faces right, though not the same ones: "
                f"each is right on {self.only_first:,} where the other is wrong."
            )
        better, worse = (self.second, self.first) if difference > 0 else (self.first, self.second)
        more = f"{better} gets {abs(difference):,} of {self.n:,} faces more right than {worse}"
        points = f"{100 * abs(difference) / self.n:.1f} points"
        if self.is_more_than_chance:
            odds = (
                "less than 1 time in 1,000"
                if self.p_value < 0.001
                else f"{in_percent(self.p_value)} of the time"
            )
            return (
                f"{more} ({points}). That is more than chance: between equally good models, so large a "
                f"difference would come up {odds}."
            )
        return (
            f"{more} ({points}). That may well be chance: between equally good models, so large a "
            f"difference comes up {in_percent(self.p_value, 0)} of the time."
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as JSON types."""
        return asdict(self)


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

    def to_dict(self) -> dict[str, Any]:
        """Return the curves as JSON types."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Robustness:
        """Read what `to_dict` wrote.

        Raises:
            KeyError, TypeError: it is something else.
        """
        curves = tuple(
            RobustnessCurve(item["kind"], tuple(item["levels"]), tuple(item["accuracy"]))
            for item in content["curves"]
        )
        return cls(content["model"], content["n"], curves, content.get("against", "labels"))
