"""Which of two models is better, and whether that is more than chance."""

from dataclasses import dataclass, field

from emotion.labels import in_percent


@dataclass(frozen=True)
class Comparison:
    """Two models on the same faces.

    McNemar 1947, "Note on the sampling error of the difference between correlated proportions": only
    faces that one gets right and the other wrong tell the two apart. The test is the exact one.

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
    p_value: float = field(init=False)

    def __post_init__(self) -> None:
        decided, fewer = self.only_first + self.only_second, min(self.only_first, self.only_second)
        ways = tail = 1
        for count in range(fewer):
            ways = ways * (decided - count) // (count + 1)
            tail += ways
        object.__setattr__(self, "p_value", min(1.0, 2 * tail / 2**decided))

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
