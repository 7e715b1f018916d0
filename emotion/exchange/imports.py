"""A model that somebody else made: checked, converted, added to the models.

The file is never opened in the app's process, nor in a shell's: the command `models import` does that in
a process of its own, with limits. Before, `file_check.check_file` has looked at it.
"""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from emotion.dataset.stored_dataset import StoredDataset
from emotion.exchange.file_check import check_file
from emotion.exchange.orders import CONTEMPT, order_name, order_of
from emotion.exchange.probing import Probed, probe
from emotion.exchange.ranges import range_words
from emotion.exchange.trying import attempt
from emotion.files import disk_errors, write_json
from emotion.jobs.jobs import Limits
from emotion.labels import EMOTIONS
from emotion.models.card import CARD, CARD_VERSION, KERAS_FILE, LITERT_FILE, ModelError
from emotion.models.reading import Range, Reading, describe
from emotion.models.registry import add_model, clean_name

# A model of the size that is allowed converts within a minute; a hostile one must not run on.
LIMITS = Limits(
    seconds=300.0,
    memory=6_000_000_000,
    crashed="Reading the file made the reader crash: it is damaged, or asks for something nobody foresaw.",
)
LEFT_OUT = "left out"


@dataclass(frozen=True)
class Told:
    """What only a person can know of a model, and what is believed where nobody says.

    Attributes:
        order: of its outputs: a name of `orders.ORDERS`, or its classes in their order. Empty: as faces with
            labels tell, or by the alphabet, as Keras numbers folders.
        ranges: what black and white are to it. None: as the model itself tells, or faces with labels.
        contempt: as which emotion contempt counts, where the model knows it; or "left out".
    """

    order: str = ""
    ranges: tuple[Range, ...] | None = None
    contempt: str = LEFT_OUT

    def __post_init__(self) -> None:
        if self.contempt not in (LEFT_OUT, *EMOTIONS):
            raise ModelError(f"Contempt is {LEFT_OUT}, or counts as one of: {', '.join(EMOTIONS)}.")


@dataclass(frozen=True)
class Imported:
    """An added model: its name, and what was believed of it, a sentence each."""

    name: str
    notes: tuple[str, ...]


def import_model(
    source: Path,
    name: str = "",
    told: Told = Told(),
    dataset: StoredDataset | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> Imported:
    """Check, convert and add a model; for a process of its own.

    Args:
        source: a `.keras`, `.h5` or `.tflite` file.
        name: the wished name; from the file's name when empty.
        told: what a person says of it.
        dataset: faces with labels, to try on what is not told.
        say: told what is being done.

    Of a model that this product made, order and range are known: what is said of them does not matter.

    Raises:
        ModelError: it is none, or none that can be used.
        FileError: the disk refuses.
    """
    name = clean_name(name or source.stem)
    kind = check_file(source)
    facts: dict[str, Any] = {"weights": "unknown"}  # of a file that came as LiteRT
    found: Range | None = None
    with (
        disk_errors("The model could not be imported"),
        tempfile.TemporaryDirectory(prefix="emotion-import-") as temporary,
    ):
        folder = Path(temporary)
        if kind == "litert":
            shutil.copyfile(source, folder / LITERT_FILE)
        else:
            facts, found = _convert(source, folder, say)
        say("Trying it on faces …")
        content = (folder / LITERT_FILE).read_bytes()
        probed = probe(content, told.ranges, found)
        probed = replace(probed, reading=as_told(probed.reading, probed.classes, told))
        tried: list[str] = []
        if dataset is not None and not probed.reading.is_own:
            probed, tried = _try(content, probed, told, dataset)
        card = {
            "card_version": CARD_VERSION,
            "name": name,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "imported_from": source.name,
            "metrics": {},
            "range_from": probed.range_from,
        }
        write_json(folder / CARD, card | facts | probed.reading.to_card())
        return Imported(add_model(folder, name), (*_notes(probed, told, found), *tried))


def _try(content: bytes, probed: Probed, told: Told, dataset: StoredDataset) -> tuple[Probed, list[str]]:
    """Return the reading that fits faces with labels best, as far as nobody has told it, and what to say."""
    try:
        tried = attempt(content, probed.reading, dataset)
    except ModelError as error:  # it can be used all the same
        return probed, [str(error)]
    best, sentences = tried.proposal, tried.sentences()
    is_free = not told.order and (told.ranges is None or (best and best.ranges == probed.reading.ranges))
    if best is None or not is_free:
        return probed, sentences
    range_from = probed.range_from if best.ranges == probed.reading.ranges else "tried"
    counts_as = probed.reading.counts_as
    reading = replace(probed.reading, ranges=best.ranges, classes=best.classes, counts_as=counts_as)
    return replace(probed, reading=reading, range_from=range_from), [*sentences, "So it is read now."]


def as_told(reading: Reading, classes: int, told: Told) -> Reading:
    """Return a reading with its classes named as somebody says.

    Args:
        reading: how a model is asked.
        classes: how many scores it gives.
        told: what is said of them.

    Raises:
        ModelError: the order names another number of classes.
    """
    if reading.is_own:
        return reading
    names = order_of(told.order or "alphabetical", classes)
    counts_as = {CONTEMPT: told.contempt} if CONTEMPT in names and told.contempt != LEFT_OUT else {}
    return replace(reading, classes=names, counts_as=counts_as)


def _notes(probed: Probed, told: Told, found: Range | None) -> list[str]:
    """Return what a person should know of what was believed."""
    reading = probed.reading
    if reading.is_own:
        return []
    words = range_words(reading.ranges)
    notes = [
        {
            "found": f"By its own first layers, it is given {words}.",
            "assumed": f"Nothing in it tells its range: {words} is assumed, as most people train.",
            "told": f"It is given {words}.",
            "tried": f"It is given {words}, as fits the faces that it was tried on.",
        }[probed.range_from]
    ]
    if probed.range_from == "told" and found is not None and reading.ranges != (found,):
        notes.append(f"Its own first layers look as if they were made for {range_words([found])}.")
    how = "" if told.order else ", as nobody has told it"
    notes.append(f"Its outputs are read in the order {order_name(reading.classes)}{how}.")
    return notes + describe(reading)


def _convert(source: Path, folder: Path, say: Callable[[str], None]) -> tuple[dict[str, Any], Range | None]:
    """Put `model.keras` and `model.tflite` into the folder.

    Returns:
        What the card says of the network, and its range where the network tells.
    """
    say("Starting Keras …")
    from emotion.exchange import conversion, loading

    say("Converting the model …")
    model = loading.load_foreign(source)
    model.save(folder / KERAS_FILE)  # as today's Keras writes it, whichever has written the source
    try:
        conversion.write_litert(model, folder / LITERT_FILE, quantised=False)
    except OSError:
        raise  # the disk's, which `import_model` puts into words
    # The converter raises whatever its parts raise.
    except Exception as error:
        raise ModelError("The model has a part that cannot be converted to LiteRT.") from error
    facts = {
        "parameters": conversion.count_parameters(model),
        "architecture": model.name,
        "weights": "float",
    }
    return facts, loading.find_range(model)
