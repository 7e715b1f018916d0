"""Pictures to try the product with, none of them stored in it."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2

from emotion.labels import EMOTIONS
from emotion.paths import file_of_package
from emotion.synthetic.faces import make_group_picture

_PHOTOGRAPH = "The astronaut Eileen Collins, photographed by NASA."
_DRAWN = (
    "Seven simple drawings, one for each expression. A model of photographs gets some of them wrong: it has "
    "never seen a drawing."
)


@dataclass(frozen=True)
class Example:
    """A picture: its file name, a title, what it shows in a sentence, and how to get its bytes."""

    name: str
    title: str
    meaning: str
    load: Callable[[], bytes]


def example_pictures() -> list[Example]:
    """Return the examples that can be had here."""
    examples = [Example("drawn-faces.png", "Example: drawn faces", _DRAWN, _drawn_faces)]
    # The public-domain photograph of Eileen Collins (NASA) that scikit-image brings. Located, not imported:
    # the import would cost a second and a hundred megabytes.
    photograph = file_of_package("skimage", "data/astronaut.png")
    if photograph is not None:
        examples.insert(
            0, Example("astronaut.png", "Example: photograph", _PHOTOGRAPH, photograph.read_bytes)
        )
    return examples


def _drawn_faces() -> bytes:
    picture = make_group_picture(EMOTIONS, seed=7)
    _, data = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    return data.tobytes()
