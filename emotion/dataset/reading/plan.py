"""What a source is understood to say, before anything of it is imported; and what has to be asked first."""

import base64
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from emotion.dataset.face_dataset import DatasetError
from emotion.dataset.reading.answers import Answers, in_words, order, orders_for
from emotion.dataset.reading.items import Clue, Key
from emotion.dataset.reading.questions import Question, in_one_text, named
from emotion.dataset.reading.words import (
    NONE,
    code_of,
    emotion_of,
    folded,
    guess_emotion,
    guess_split,
    is_usual,
    is_usual_split,
    split_of,
)
from emotion.labels import EMOTIONS

# FER-2013's own numbers, believed where a source has them all and no others.
_OWN_ORDER = "fer2013"
_CHALLENGE = {"training", "publictest", "privatetest"}
_MOST_EXAMPLES = 30
_NOTHING_SAID = "Nothing says which of the seven emotions it shows."


@dataclass
class Plan:
    """What is understood.

    Attributes:
        clues: of each pair of words that the source has, what it means, or why it is left out.
        notes: sentences: what was understood, and needs no second thought.
        assumed: sentences: what was read as something that it is not called.
        left_out: sentences: what is not imported, by folder.
        questions: what has to be answered first.
        labels: what numbers are taken to mean.
        codes: the numbers that the source has.
        may_cut: whether faces might have to be cut out of the pictures.
        counts: emotion -> how many items say it.
    """

    clues: dict[Key, Clue | str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    labels: dict[int, str] = field(default_factory=dict)
    codes: tuple[int, ...] = ()
    counts: Counter[str] = field(default_factory=Counter)
    may_cut: bool = False

    def sentences(self) -> list[str]:
        """Return all that is to be said before the import."""
        return [*self.notes, *self.assumed, *self.left_out]

    def needs_a_look(self) -> bool:
        """Return whether somebody should see it first: something is assumed, left out or asked."""
        return bool(self.assumed or self.left_out or self.questions)

    def in_words(self) -> str:
        """Return how many items say which emotion."""
        told = [f"{self.counts[name]:,} {name}" for name in EMOTIONS if self.counts[name]]
        return ", ".join(told) or "none whose emotion is known"

    def to_dict(self, example: Callable[[str], np.ndarray | None]) -> dict[str, Any]:
        """Return it as JSON can hold it, with an example face, uint8 (48, 48) in base64, of each number.

        Args:
            example: returns the first face, uint8 (48, 48), of a word for a label.
        """
        examples = {}
        for code in self.codes[:_MOST_EXAMPLES]:
            word = next((key.label for key in self.clues if code_of(key.label) == code), "")
            face = example(word)
            if face is not None:
                examples[code] = base64.b64encode(face.tobytes()).decode("ascii")
        return {
            "sentences": self.sentences(),
            "questions": [asdict(question) for question in self.questions],
            "codes": self.codes,
            "orders": orders_for(set(self.codes)) if self.codes else [],
            "labels": {code: self.labels.get(code, "") for code in self.codes},
            "examples": examples,
            "may_cut": self.may_cut,
        }

    def require_answers(self) -> None:
        """Raise `DatasetError` with what has to be answered, in one sentence, unless nothing has."""
        if self.questions:
            raise DatasetError(in_one_text(self.questions))


def make_plan(
    keys: Mapping[Key, int], answers: Answers, legends: Iterable[tuple[str, dict[int, str]]]
) -> Plan:
    """Return what the words of a source mean.

    Args:
        keys: each pair of words, and how many items have it.
        answers: what somebody has said.
        legends: names of files that say what numbers mean, and what they say.
    """
    plan = Plan()
    labels, splits = Counter[str](), Counter[str]()
    for key, count in keys.items():
        labels[key.label] += count
        splits[key.split] += count
    splits_meant = _read_splits(plan, splits, answers)
    is_challenge = {folded(text) for text in splits} <= _CHALLENGE and "Training" in splits
    labels_meant = _read_labels(plan, labels, answers, list(legends), is_challenge)
    for key, count in keys.items():
        label, split = labels_meant.get(key.label), splits_meant.get(key.split, NONE)
        if answers.of(key.label) == NONE or answers.of(key.split) == NONE:
            plan.clues[key] = "It is to be left out."
        elif label is None or label == NONE:
            plan.clues[key] = _why_left_out(key.label)
        elif split == NONE:
            plan.clues[key] = f"{key.split[:20]!r} is not the name of a split."
        else:
            plan.clues[key] = Clue(EMOTIONS.index(label), split)
            plan.counts[label] += count
    missing = [name for name in EMOTIONS if not plan.counts[name]]
    if plan.counts and missing and not plan.questions:
        plan.assumed.append(f"There are no faces of: {', '.join(missing)}.")
    return plan


def _why_left_out(text: str) -> str:
    if not text:
        return _NOTHING_SAID
    return f"{text[:40]!r} is not one of the seven emotions."


def _read_labels(
    plan: Plan,
    labels: Counter[str],
    answers: Answers,
    legends: list[tuple[str, dict[int, str]]],
    is_challenge: bool,
) -> dict[str, str]:
    """Return what each word for a label means: an emotion or `NONE`; nothing for what is not understood."""
    meant: dict[str, str] = {}
    for text in labels:
        said = answers.of(text)
        emotion = said if said in (*EMOTIONS, NONE) else emotion_of(text)
        if emotion is not None:
            meant[text] = emotion
    codes = {text: code for text in labels if text not in meant and (code := code_of(text)) is not None}
    if codes:
        plan.codes = tuple(sorted(set(codes.values())))
        count = sum(labels[text] for text in codes)
        plan.labels = _read_codes(plan, set(codes.values()), count, answers, legends, is_challenge)
        meant |= {text: plan.labels[code] for text, code in codes.items() if code in plan.labels}
    _say_readings(plan, meant, labels, answers)
    unknown = [text for text in labels if text and text not in meant and text not in codes]
    found = {emotion for emotion in meant.values() if emotion != NONE}
    lacks_some = len(found) < len(EMOTIONS) and bool(found or codes)
    for text in sorted(unknown):
        guess = guess_emotion(text) or ""
        if guess or lacks_some:
            plan.questions.append(Question("class", text, labels[text], guess))
        else:
            plan.left_out.append(f"{named(text, labels[text])} is none of the seven and is left out.")
    if labels[""] and (meant or codes):
        plan.left_out.append(f"{labels['']:,} have no class and are left out.")
    return meant


def _say_readings(plan: Plan, meant: dict[str, str], labels: Counter[str], answers: Answers) -> None:
    """Say which words were read as something that they are not, and which are none of the seven."""
    read = {text: emotion for text, emotion in meant.items() if emotion != NONE and code_of(text) is None}
    odd = [f"{text} is {emotion}" for text, emotion in sorted(read.items()) if not is_usual(text)]
    odd += [f"{text} is {emotion}" for text, emotion in sorted(read.items()) if _is_synonym(text, emotion)]
    if odd:
        plan.assumed.append(f"Read as emotions: {', '.join(odd)}.")
    for text in sorted(text for text, emotion in meant.items() if emotion == NONE and code_of(text) is None):
        why = "is to be left out" if answers.of(text) == NONE else "is none of the seven and is left out"
        plan.left_out.append(f"{named(text, labels[text])} {why}.")
    for text in sorted(
        text for text, emotion in meant.items() if emotion == NONE and code_of(text) is not None
    ):
        plan.left_out.append(f"{named(text, labels[text])} stands for none of the seven and is left out.")


def _is_synonym(text: str, emotion: str) -> bool:
    return is_usual(text) and folded(text)[:3] != emotion[:3]


def _read_codes(
    plan: Plan,
    codes: set[int],
    count: int,
    answers: Answers,
    legends: list[tuple[str, dict[int, str]]],
    is_challenge: bool,
) -> dict[int, str]:
    """Return what numbers mean, or ask."""
    if answers.labels and codes <= set(answers.labels):
        return answers.labels
    fitting = [(name, said) for name, said in legends if codes <= set(said)]
    meanings = {in_words(said, codes) for _, said in fitting}
    if not answers.labels and len(meanings) == 1:
        name, said = fitting[0]
        plan.assumed.append(f"The numbers of the classes are read as {name} says: {next(iter(meanings))}.")
        return said
    own = order(_OWN_ORDER)
    seven = set(range(len(EMOTIONS)))
    if not answers.labels and not meanings and codes == seven:
        told = f"The classes are numbered 0 to 6, read in the order of FER-2013: {in_words(own, codes)}"
        if is_challenge:
            plan.notes.append(f"{told}.")
        else:
            plan.assumed.append(f"{told}; AffectNet and others have other orders.")
        return own
    orders = tuple(orders_for(codes))
    plan.questions.append(Question("labels", "", count, "", tuple(sorted(codes)), orders))
    return {}


def _read_splits(plan: Plan, splits: Counter[str], answers: Answers) -> dict[str, str]:
    """Return what each word for a split means; "" where the source says nothing."""
    said = {text: answers.of(text) for text in splits if text}
    words = {text: split_of(text) for text in said}
    meant = {text: word.split for text, word in words.items() if word}
    meant |= {text: split for text, split in said.items() if split in ("train", "validation", "test")}
    # One name that says more than a split, such as "My training data", may be that of the whole.
    if len(set(meant.values())) < 2:
        for text, word in words.items():
            if word and not word.is_plain and not said[text]:
                meant[text] = ""
    others = [text for text in said if text not in meant and said[text] != NONE]
    plan.questions += [
        Question("split", text, splits[text], guess_split(text) or "") for text in sorted(others)
    ]
    _say_splits(plan, meant, splits, [text for text in said if said[text] == NONE])
    if not any(meant.values()) and not others and splits[""]:
        plan.assumed.append("Nothing says which faces are for the test: a sixth of each class will be drawn.")
    return meant | {"": ""}


def _say_splits(plan: Plan, meant: dict[str, str], splits: Counter[str], left_out: list[str]) -> None:
    """Say which names are taken for which splits, and what lies in none."""
    taken = sorted((text, split) for text, split in meant.items() if split and folded(text) != split)
    for sentences, are_usual in ((plan.notes, True), (plan.assumed, False)):
        told = ", ".join(f"{text} is {split}" for text, split in taken if is_usual_split(text) is are_usual)
        if told:
            sentences.append(f"Taken for splits: {told}.")
    for text in sorted(text for text, split in meant.items() if not split):
        plan.assumed.append(f"{text} is taken for no split, as nothing else is one.")
    plan.left_out += [f"{named(text, splits[text])} is to be left out." for text in sorted(left_out)]
    if splits[""] and any(meant.values()):
        plan.assumed.append(
            f"{splits['']:,} lie in none of the splits: they count as training, or go with what they copy."
        )
