"""A model that somebody else made: checked, converted, added to the models.

The file is never opened in the app's process: `python -m emotion.exchange.imports REQUEST` does that,
and says what came of it as `jobs.progress` describes. Before, `file_check.check_file` has looked at it.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from emotion.errors import ReadableError
from emotion.exchange.file_check import check_file
from emotion.exchange.probing import probe
from emotion.files import write_json
from emotion.jobs.jobs import Limits
from emotion.jobs.progress import Reporter, end_with_parent
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


@dataclass(frozen=True)
class ImportRequest:
    """What is to be imported, and what only a person can know of it.

    Attributes:
        path: of a `.keras` or `.tflite` file.
        name: the wished name; from the file's name when empty.
        labels: the emotions in the order of the model's outputs.
        largest_input: what white is to the model: 1, as most people train, or 255.

    Of a model that this product made, both are known: what stands here does not matter.
    """

    path: str
    name: str = ""
    labels: tuple[str, ...] = EMOTIONS
    largest_input: float = 1.0

    def __post_init__(self) -> None:
        if sorted(self.labels) != sorted(EMOTIONS):
            raise ModelError(f"The order must name each of these once: {', '.join(EMOTIONS)}.")
        if self.largest_input not in (1.0, 255.0):
            raise ModelError("The range of the input is 0 to 1, or 0 to 255.")

    def command(self) -> list[str]:
        """Return the command line of the process that imports it."""
        return [sys.executable, "-m", "emotion.exchange.imports", json.dumps(asdict(self))]

    @property
    def model_name(self) -> str:
        """The name the model gets unless it is taken."""
        return clean_name(self.name or Path(self.path).stem)


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


def import_model(request: ImportRequest, say: Callable[[str], None] = lambda text: None) -> str:
    """Check, convert and add a model, and return its name; for a process of its own.

    Raises:
        ModelError: with a sentence.
    """
    source = Path(request.path)
    kind = check_file(source)
    facts: dict = {}
    with tempfile.TemporaryDirectory(prefix="emotion-import-") as temporary:
        folder = Path(temporary)
        if kind == "keras":
            facts = _convert(source, folder, say)
        else:
            shutil.copyfile(source, folder / LITERT_FILE)
        say("Trying it on faces …")
        reading = probe((folder / LITERT_FILE).read_bytes(), request.largest_input)
        write_json(folder / CARD, _card(request, source, reading) | facts)
        return add_model(folder, request.model_name)


def _convert(source: Path, folder: Path, say: Callable[[str], None]) -> dict:
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
    return {"parameters": conversion.count_parameters(model), "architecture": model.name}


def _card(request: ImportRequest, source: Path, reading: Reading) -> dict:
    return {
        "card_version": CARD_VERSION,
        "name": request.model_name,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "imported_from": source.name,
        "labels": list(EMOTIONS if reading.is_own else request.labels),
        # Of a file that came in this format, nobody here knows.
        "weights": "float" if source.suffix == ".keras" else "unknown",
        "metrics": {},
        **reading.to_card(),
    }


def main() -> int:
    """Import what the command line asks for."""
    reporter = Reporter()
    end_with_parent()
    content = json.loads(sys.argv[1])
    try:
        request = ImportRequest(**(content | {"labels": tuple(content["labels"])}))
        reporter.result({"name": import_model(request, reporter.message)})
    except ReadableError as error:
        reporter.error(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
