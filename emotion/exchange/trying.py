"""Which range and which order of outputs a foreign model was trained with: tried on labelled faces."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import permutations

import numpy as np

from emotion.dataset.stored_dataset import StoredDataset
from emotion.exchange.orders import CONTEMPT, ORDERS, order_name, order_of
from emotion.exchange.ranges import RANGES, range_words
from emotion.jobs.progress import OnProgress
from emotion.labels import EMOTIONS, in_percent
from emotion.models.card import ModelError
from emotion.models.litert import LiteRTError, open_plain
from emotion.models.reading import Range, Reading

# Of each class; 420 faces in all, where each class has so many.
FACES_A_CLASS = 60
# The best of all orders makes some sense of any answers: of guesses, about a quarter would fit. Below this,
# no reading is proposed.
LEAST = 0.35
_LEAST_FACES = 70
# What is believed already stays where something else fits only so little better.
_LITTLE = 0.03
# An order that people use is proposed before one without a name that fits only so much better, by chance.
# Two classes of a fair model that have changed places make more of a difference.
_CHANCE = 0.10


@dataclass(frozen=True)
class Candidate:
    """A way to ask and read a model, and how often it is right then.

    Attributes:
        ranges: what black and white are.
        classes: the names of its outputs in their order.
        share: 0 to 1, the mean over the classes of the share that is recognised.
    """

    ranges: tuple[Range, ...]
    classes: tuple[str, ...]
    share: float


@dataclass(frozen=True)
class Attempt:
    """What came of trying.

    Attributes:
        dataset: its name.
        faces: how many faces were shown.
        now: how the model is read now.
        candidates: one a range, best first; each with the order that fits best.
    """

    dataset: str
    faces: int
    now: Candidate
    candidates: tuple[Candidate, ...]

    @property
    def proposal(self) -> Candidate | None:
        """What fits clearly better than how the model is read now; None where nothing does."""
        best = self.candidates[0]
        if best.share < LEAST or best.share < self.now.share + _LITTLE:
            return None
        return best

    def sentences(self) -> list[str]:
        """Return in words what came of it."""
        first = (
            f"On {self.faces:,} faces of {self.dataset}, as many of each class as there are up to "
            f"{FACES_A_CLASS}, it recognises {in_percent(self.now.share)} as it is read now."
        )
        best = self.proposal
        if best is not None:
            fits = (
                f"{in_percent(best.share)} would be right with {range_words(best.ranges)} and the order "
                f"{order_name(best.classes)} ({', '.join(best.classes)})."
            )
            return [first, fits]
        if self.now.share >= LEAST:
            return [first, "No other range or order is clearly better."]
        return [first, "No range and no order makes sense of its answers to these faces."]


def attempt(
    content: bytes,
    reading: Reading,
    dataset: StoredDataset,
    on_progress: OnProgress = lambda done, total: None,
) -> Attempt:
    """Try each range, and find the order of outputs that fits best, on faces of a dataset.

    Args:
        content: of the model's LiteRT file.
        reading: how the model is read now.
        dataset: its faces have labels.
        on_progress: told how many faces were shown, and of how many.

    Raises:
        ModelError: the model knows its range and order, or fails.
    """
    if reading.is_own:
        raise ModelError("The model was made by this product: its range and its order are known.")
    indices = _sample(dataset)
    images, labels = np.asarray(dataset.faces.images[indices]), dataset.faces.labels[indices]
    ranges = list(dict.fromkeys([reading.ranges, *((known,) for known in RANGES.values())]))
    total, candidates, now = len(ranges) * len(images), [], 0.0
    try:
        plain = open_plain(content)
        for number, known in enumerate(ranges):
            asked = replace(reading, ranges=known)
            answers = []
            for done, face in enumerate(images):
                answers.append(plain.run(asked.prepare(face[None]))[0][0])
                on_progress(number * len(images) + done + 1, total)
            counts = _counts(np.stack(answers), labels)
            classes, share = _best_order(counts)
            candidates.append(Candidate(known, classes, share))
            if known == reading.ranges:
                now = _share(counts, reading.classes)
    except LiteRTError as error:
        raise ModelError(f"The model {error}.") from error
    # The range that is believed already stays first where another one is hardly better.
    candidates.sort(key=lambda item: -item.share - _LITTLE * (item.ranges == reading.ranges))
    told = Candidate(reading.ranges, reading.classes, now)
    return Attempt(dataset.description.name, len(images), told, tuple(candidates))


def _sample(dataset: StoredDataset) -> np.ndarray:
    """Return which faces are shown, as many of each class; of the test split, where there is one."""
    usable = ~dataset.excluded
    is_test = dataset.faces.splits == "test"
    usable &= is_test | ~is_test.any()
    rng = np.random.default_rng(0)
    chosen = []
    for label in range(len(EMOTIONS)):
        found = np.flatnonzero(usable & (dataset.faces.labels == label))
        chosen.append(rng.permutation(found)[:FACES_A_CLASS])
    indices = np.sort(np.concatenate(chosen))
    if len(indices) < _LEAST_FACES:
        raise ModelError(
            f"The dataset {dataset.description.name!r} has {len(indices)} faces to try a model on; "
            f"{_LEAST_FACES} are needed, or any order would fit some."
        )
    return indices


def _counts(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return, float (classes, 7), which share of each emotion's faces gets each output as the answer."""
    counts = np.zeros((scores.shape[1], len(EMOTIONS)))
    np.add.at(counts, (scores.argmax(axis=1), labels), 1)
    return counts / np.maximum(counts.sum(axis=0), 1)


def _share(counts: np.ndarray, classes: Sequence[str]) -> float:
    present = counts.sum(axis=0) > 0
    found = np.array([counts[list(classes).index(name), place] for place, name in enumerate(EMOTIONS)])
    return float(found[present].mean())


def _best_order(counts: np.ndarray) -> tuple[tuple[str, ...], float]:
    """Return the order that makes most answers right, one with a name if it may be, and their share."""
    outputs = len(counts)
    # Which output stands for each emotion: all ways, and all at once.
    ways = np.array(list(permutations(range(outputs), len(EMOTIONS))))
    fits = counts[ways, np.arange(len(EMOTIONS))].sum(axis=1)
    names = [CONTEMPT] * outputs
    for emotion, output in zip(EMOTIONS, ways[int(fits.argmax())], strict=True):
        names[output] = emotion
    best = tuple(names)
    share = _share(counts, best)
    known = {order_of(name, outputs): _share(counts, order_of(name, outputs)) for name in ORDERS}
    named = max(known, key=known.__getitem__)
    return (named, known[named]) if known[named] >= share - _CHANCE else (best, share)
