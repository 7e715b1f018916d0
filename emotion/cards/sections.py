"""How good a model is, for its card: each section as Markdown, empty where nothing was measured."""

from __future__ import annotations

from emotion.cards.markdown import percent, plain, table
from emotion.evaluation.report import Robustness
from emotion.evaluation.robustness import CORRUPTIONS
from emotion.labels import EMOTIONS
from emotion.models.card import WITHOUT_COPIES, ModelCard

_SPLITS = {WITHOUT_COPIES: "test, without faces that also stand in the training split"}
_CONFUSIONS = 5
# From so much less accuracy on, a step of worse pictures is printed bold.
_LOSS = 0.1


def _main_split(card: ModelCard) -> str:
    """Return the split that tells most: the test where the model was measured on it; "" without any."""
    return next((split for split in ("test", "validation") if card.metrics(split)), "")


def figures(card: ModelCard) -> str:
    """Tell the figures of each split, and those of each class."""
    split = _main_split(card)
    if not split:
        return ""
    rows = [
        [_SPLITS.get(name, plain(name)), found["n"]]
        + [percent(found[figure]) for figure in ("accuracy", "macro_f1", "ece")]
        for name, found in card.content["metrics"].items()
        if found
    ]
    classes = [
        [name, *(percent(found[share]) for share in ("precision", "recall", "f1")), found["support"]]
        for name, found in card.metrics(split)["per_class"].items()
    ]
    return "\n\n".join(
        [
            "Measured is the LiteRT file, by which the dashboard predicts.",
            table(["split", "faces", "accuracy", "macro F1", "calibration error"], rows),
            f"By class, {split}. *Precision*: how many of the answers with a class's name are right; "
            "*recall*: how many of its faces are found.",
            table(["", "precision", "recall", "F1", "faces"], classes),
        ]
    )


def errors(card: ModelCard) -> str:
    """Tell what is taken for what: the largest shares in words, all counts in a table."""
    split = _main_split(card)
    matrix = card.metrics(split).get("confusion_matrix")
    if not matrix:
        return ""
    wrong = []
    for label, row in zip(EMOTIONS, matrix, strict=True):
        for answer, count in zip(EMOTIONS, row, strict=True):
            if label != answer and count:
                words = f"Of {sum(row):,} faces labelled {label}, {count:,} ({percent(count / sum(row), 0)})"
                wrong.append((count / sum(row), f"- {words} are taken for {answer}."))
    lines = [words for _, words in sorted(wrong, reverse=True)[:_CONFUSIONS]]
    per_class = {name: found for name, found in card.metrics(split)["per_class"].items() if found["support"]}
    weakest = min(per_class, key=lambda name: per_class[name]["f1"])
    recall, precision = (percent(per_class[weakest][share], 0) for share in ("recall", "precision"))
    lines.append(
        f"- The weakest class is {weakest}: {recall} of its faces are found, and {precision} of the answers "
        f"{weakest} are right."
    )
    rows = [[f"**{name}**", *row] for name, row in zip(EMOTIONS, matrix, strict=True)]
    lines.append(f"\nAll answers, {split}: a row is a label, a column what its faces are taken for.\n")
    return "\n".join([*lines, table(["labelled", *EMOTIONS], rows)])


def calibration(card: ModelCard) -> str:
    """Tell how far confidence and accuracy lie apart."""
    lines = []
    if split := _main_split(card):
        apart = 100 * card.metrics(split)["ece"]
        lines.append(
            f"- How sure it says it is and how often it is right lie {apart:.1f} points apart on average "
            f"(expected calibration error, {split}; Guo et al. 2017)."
        )
    if temperature := card.content.get("temperature"):
        was = "too sure" if temperature > 1 else "not sure enough"
        lines.append(
            f"- As trained, the network was {was}: its logits are divided by {temperature:.2f}, a "
            "temperature fitted on the validation faces. The model's files have that built in."
        )
    return "\n".join(lines)


def worse_pictures(robustness: Robustness) -> str:
    """Tell how accuracy falls as pictures get worse."""
    rows = []
    for curve in robustness.curves:
        clean = curve.accuracy[0]
        title = CORRUPTIONS[curve.kind].title if curve.kind in CORRUPTIONS else plain(curve.kind)
        steps = [
            (f"{level:g}: {percent(share, 0)}", share)
            for level, share in zip(curve.levels[1:], curve.accuracy[1:], strict=True)
        ]
        marked = [f"**{words}**" if share <= clean - _LOSS else words for words, share in steps]
        rows.append([title, percent(clean, 0), *marked])
    count = max(map(len, rows), default=2) - 2
    against = "what most people saw" if robustness.against == "votes" else "the dataset's labels"
    header = ["what is done", "as it is", *(f"step {number + 1}" for number in range(count))]
    return (
        f"Accuracy, by {against}, on {robustness.n:,} faces as pictures get worse step by step: "
        f"how strong a step is, and the accuracy then. Bold: a loss of {100 * _LOSS:.0f} points and more.\n\n"
        + table(header, [row + [""] * (count + 2 - len(row)) for row in rows])
    )
