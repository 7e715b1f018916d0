"""In which order a foreign model gives its scores: the orders that people use, by name or written out."""

from emotion.labels import EMOTIONS, parse_emotion
from emotion.models.card import ModelError

CONTEMPT = "contempt"
# Alphabetical: Keras's own readers number the folders of a dataset so. The others are as the datasets
# of these names number their classes.
ALPHABETICAL = tuple(sorted(EMOTIONS))
_AFFECTNET = ("neutral", "happy", "sad", "surprise", "fear", "disgust", "angry")
_FERPLUS = ("neutral", "happy", "surprise", "sad", "angry", "disgust", "fear")
_RAF_DB = ("surprise", "fear", "disgust", "happy", "sad", "angry", "neutral")
ORDERS: dict[str, tuple[str, ...]] = {
    "alphabetical": ALPHABETICAL,
    "fer2013": EMOTIONS,
    "ferplus": _FERPLUS,
    "affectnet": _AFFECTNET,
    "rafdb": _RAF_DB,
}


def parse_labels(text: str) -> tuple[str, ...]:
    """Return the classes that a text names, in its order, separated by commas, spaces or lines.

    Raises:
        ModelError: it does not name each of the seven emotions once, and contempt at most once.
    """
    words = text.replace(",", " ").replace(";", " ").split()
    labels = tuple(CONTEMPT if word.lower() == CONTEMPT else parse_emotion(word) or "" for word in words)
    if sorted(labels) not in (sorted(EMOTIONS), sorted((*EMOTIONS, CONTEMPT))):
        raise ModelError(
            f"The order must name each of these once: {', '.join(EMOTIONS)}; "
            f"and {CONTEMPT} too, where the model has it."
        )
    return labels


def order_of(text: str, count: int) -> tuple[str, ...]:
    """Return the classes of so many outputs: of a named order, or as a text names them.

    Raises:
        ModelError: the text is no order, or one of another number of classes.
    """
    named = ORDERS.get(text.strip().lower())
    if named is None:
        labels = parse_labels(text)
    elif count == len(named):
        return named
    else:
        labels = tuple(sorted((*named, CONTEMPT))) if named == ALPHABETICAL else (*named, CONTEMPT)
    if len(labels) != count:
        raise ModelError(f"The model gives {count} scores for a face, and the order names {len(labels)}.")
    return labels


def order_name(labels: tuple[str, ...]) -> str:
    """Return what an order is called, its classes where it has no name."""
    for name in ORDERS:
        if order_of(name, len(labels)) == labels:
            return name
    return ", ".join(labels)
