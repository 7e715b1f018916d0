"""What a person says about a source where it does not speak for itself: `--map`, `--labels`, `--faces`."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from emotion.dataset.face_dataset import DatasetError
from emotion.dataset.reading.words import NONE, code_of, emotion_of, folded, meaning_of
from emotion.labels import EMOTIONS

# In what order collections number their classes, from their own descriptions.
ORDERS: dict[str, tuple[int, str]] = {
    "fer2013": (0, "angry disgust fear happy sad surprise neutral none"),
    "raf-db": (1, "surprise fear disgust happy sad angry neutral"),
    "affectnet": (0, "neutral happy sad surprise fear disgust angry none none none none"),
    "ferplus": (0, "neutral happy surprise sad angry disgust fear none none none"),
    "ck-plus": (0, "neutral angry none disgust fear happy sad surprise"),
    "alphabetical": (0, "angry disgust fear happy neutral sad surprise"),
    "alphabetical-contempt": (0, "angry none disgust fear happy neutral sad surprise"),
}
FACES = ("whole", "cut")


@dataclass(frozen=True)
class Answers:
    """What somebody has said of a source.

    Attributes:
        meanings: a folder's or a value's name, folded -> an emotion, a split, or "none" to leave it out.
        labels: number -> an emotion, or "none"; empty where nothing is said of numbers.
        faces: "whole": pictures are faces; "cut": they are photographs, to cut the faces out of; "" unsaid.
    """

    meanings: dict[str, str] = field(default_factory=dict)
    labels: dict[int, str] = field(default_factory=dict)
    faces: str = ""

    @classmethod
    def parse(cls, meanings: Iterable[str] = (), labels: str = "", faces: str = "") -> "Answers":
        """Read `NAME=MEANING` texts, and an order of numbers: its name, or `1=surprise,2=fear,...`.

        Raises:
            DatasetError: one of them cannot be understood.
        """
        read = dict(_parse_meaning(text) for text in meanings)
        return cls(read, parse_labels(labels) if labels else {}, faces)

    def of(self, name: str) -> str | None:
        """Return what a name means, if that was said."""
        return self.meanings.get(folded(name))


def parse_labels(text: str) -> dict[int, str]:
    """Return what numbers mean: an order's name, or `1=surprise,2=fear,...`.

    Raises:
        DatasetError: it cannot be understood.
    """
    if folded(text) in ORDERS:
        return order(folded(text))
    read = {}
    for part in text.split(","):
        number, _, name = part.partition("=")
        code, emotion = code_of(number), meaning_of(name) or emotion_of(name)
        if code is None or emotion not in (*EMOTIONS, NONE):
            raise DatasetError(
                f"{part.strip()[:60]!r} does not say what a number means; write 1=surprise,2=fear,... "
                f"(none: to leave it out), or one of {', '.join(ORDERS)}."
            )
        read[code] = emotion
    return read


def order(name: str) -> dict[int, str]:
    """Return the order of a known collection: number -> an emotion or "none"."""
    first, names = ORDERS[name]
    return dict(enumerate(names.split(), first))


def orders_for(codes: set[int]) -> list[str]:
    """Return the names of the orders that give just these numbers to emotions, or else these and more."""
    exact = []
    for name in ORDERS:
        meant = order(name)
        if {code for code, emotion in meant.items() if emotion != NONE} <= codes <= set(meant):
            exact.append(name)
    return exact or [name for name in ORDERS if codes <= set(order(name))]


def in_words(labels: dict[int, str], codes: Iterable[int]) -> str:
    """Return what the numbers mean in the form that `parse_labels` reads."""
    return ",".join(f"{code}={labels.get(code, NONE)}" for code in sorted(codes))


def _parse_meaning(text: str) -> tuple[str, str]:
    name, sign, meaning = text.rpartition("=")
    meant = meaning_of(meaning) if sign else None
    if not name or meant is None:
        raise DatasetError(
            f"{text[:80]!r} does not say what a name means; write NAME=EMOTION, NAME=train, "
            "NAME=validation, NAME=test, or NAME=none to leave it out."
        )
    return folded(name), meant


NOTHING_SAID = Answers()
