"""A model that somebody else made: checked, converted, added to the models.

The file is never opened in the app's process, nor in a shell's: the command `models import` does that in
a process of its own, with limits. Before, `file_check.check_file` has looked at it.
"""

import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from emotion.exchange.file_check import check_file
from emotion.exchange.probing import probe
from emotion.files import write_json
from emotion.jobs.jobs import Limits
from emotion.labels import EMOTIONS, parse_emotion
from emotion.models.card import CARD, CARD_VERSION, KERAS_FILE, LITERT_FILE, ModelError, Reading
from emotion.models.registry import add_model, clean_name

# A model of the size that is allowed converts within a minute; a hostile one must not run on.
LIMITS = Limits(
    seconds=300.0, memory=6_000_000_000, crashed="The file is damaged: reading it made the reader crash."
)
# The orders people use: this product's and the challenge's, and the alphabet, in which Keras's own
# readers number the folders of a dataset.
ALPHABETICAL = tuple(sorted(EMOTIONS))


def parse_labels(text: str) -> tuple[str, ...]:
    """Return the emotions that a text names, in its order, separated by commas, spaces or lines.

    Raises:
        ModelError: it does not name each of the seven once.
    """
    words = text.replace(",", " ").replace(";", " ").split()
    labels = tuple(parse_emotion(word) or "" for word in words)
    if sorted(labels) != sorted(EMOTIONS):
        raise ModelError(f"The order must name each of these once: {', '.join(EMOTIONS)}.")
    return labels


def import_model(
    source: Path,
    name: str = "",
    labels: tuple[str, ...] = EMOTIONS,
    largest_input: float = 1.0,
    say: Callable[[str], None] = lambda text: None,
) -> str:
    """Check, convert and add a model, and return its name; for a process of its own.

    Args:
        source: a `.keras` or `.tflite` file.
        name: the wished name; from the file's name when empty.
        labels: the emotions in the order of the model's outputs.
        largest_input: what white is to the model: 1, as most people train, or 255.
        say: told what is being done.

    Of a model that this product made, order and range are known: what is said of them does not matter.

    Raises:
        ModelError: with a sentence.
    """
    name = clean_name(name or source.stem)
    kind = check_file(source)
    facts: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="emotion-import-") as temporary:
        folder = Path(temporary)
        if kind == "keras":
            facts = _convert(source, folder, say)
        else:
            shutil.copyfile(source, folder / LITERT_FILE)
        say("Trying it on faces …")
        reading = probe((folder / LITERT_FILE).read_bytes(), largest_input)
        write_json(folder / CARD, _card(name, labels, source, reading) | facts)
        return add_model(folder, name)


def _convert(source: Path, folder: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """Put `model.keras` and `model.tflite` into the folder; return what the card says of the network."""
    say("Starting Keras …")
    from emotion.exchange import conversion

    conversion.check_weights(source)
    say("Converting the model …")
    model = conversion.load_foreign(source)
    shutil.copyfile(source, folder / KERAS_FILE)
    try:
        conversion.write_litert(model, folder / LITERT_FILE, quantised=False)
    # The converter raises whatever its parts raise.
    except Exception as error:
        raise ModelError("The model has a part that cannot be converted to LiteRT.") from error
    return {
        "parameters": conversion.count_parameters(model),
        "architecture": model.name,
        "weights": "float",
    }


def _card(name: str, labels: tuple[str, ...], source: Path, reading: Reading) -> dict[str, Any]:
    return {
        "card_version": CARD_VERSION,
        "name": name,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "imported_from": source.name,
        "labels": list(EMOTIONS if reading.is_own else labels),
        "weights": "unknown",  # of a file that came as LiteRT; `_convert` knows what it has written
        "metrics": {},
        **reading.to_card(),
    }
