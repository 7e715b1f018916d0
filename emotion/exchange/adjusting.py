"""How an imported model is asked and read, changed afterwards: its range, its order, contempt."""

from dataclasses import replace

from emotion.dataset.loading import open_source
from emotion.exchange.imports import LEFT_OUT, Told, as_told
from emotion.exchange.orders import CONTEMPT
from emotion.exchange.trying import Attempt, attempt
from emotion.files import disk_errors
from emotion.jobs.progress import OnProgress
from emotion.models.card import LITERT_FILE, ModelError, change_card, read_card
from emotion.models.reading import Range, Reading
from emotion.models.registry import is_shipped, model_folder


def foreign_reading(name: str) -> Reading:
    """Return how a model is asked and read, if that can be changed.

    Raises:
        ModelError: there is none of that name, or it was made by this product.
    """
    reading = read_card(model_folder(name)).reading
    if reading.is_own or is_shipped(name):
        raise ModelError(
            f"The model {name!r} was made by this product: its range and its order are known, and stay."
        )
    return reading


def adjust(
    name: str, order: str = "", ranges: tuple[Range, ...] | None = None, contempt: str = ""
) -> Reading:
    """Change how an imported model is asked and read; what is left out stays as it is.

    Args:
        name: of the model.
        order: of its outputs: a name of `orders.ORDERS`, or its classes in their order.
        ranges: what black and white are to it.
        contempt: as which emotion contempt counts, or "left out".

    Returns:
        How it is read from now on.

    Raises:
        ModelError: it cannot be changed, or has another number of classes or channels.
        FileError: the disk refuses.
    """
    reading = foreign_reading(name)
    told = Told(
        order or ",".join(reading.classes), contempt=contempt or reading.counts_as.get(CONTEMPT, LEFT_OUT)
    )
    reading = as_told(reading, len(reading.classes), told)
    if ranges is not None:
        if len(ranges) not in (1, reading.size[2]):
            raise ModelError(f"The model takes {reading.size[2]} channel, and the range names {len(ranges)}.")
        reading = replace(reading, ranges=ranges)
    changes = reading.to_card() | ({} if ranges is None else {"range_from": "told"})
    with disk_errors(f"The model {name!r} could not be changed"):
        change_card(model_folder(name), **changes)
    return reading


def try_on(name: str, source: str, on_progress: OnProgress = lambda done, total: None) -> Attempt:
    """Try other ranges and orders of an imported model on labelled faces; nothing is changed.

    Args:
        name: of the model.
        source: an imported dataset's name, "synthetic", or a path of any form that can be imported.
        on_progress: told how many faces were shown, and of how many.

    Raises:
        ModelError: the model's range and order are known, or it cannot be asked.
        DatasetError: there is no such dataset.
    """
    reading = foreign_reading(name)
    with disk_errors(f"The model {name!r} could not be read"):
        content = (model_folder(name) / LITERT_FILE).read_bytes()
    return attempt(content, reading, open_source(source), on_progress)
