"""Pictures to try the product with, none of them stored in it."""

from collections.abc import Callable
from dataclasses import dataclass

import cv2

from emotion.labels import EMOTIONS
from emotion.paths import file_of_package
from emotion.synthetic.faces import make_group_picture


@dataclass(frozen=True)
class Example:
    """A picture: its file name, what it shows, and how to get its bytes."""

    name: str
    title: str
    load: Callable[[], bytes]


def example_pictures() -> list[Example]:
    """Return the examples that can be had here."""
    examples = [Example("drawn-faces.png", "Example: drawn faces", _drawn_faces)]
    # The public-domain photograph of Eileen Collins (NASA) that scikit-image brings. Located, not imported:
    # the import would cost a second and a hundred megabytes.
    photograph = file_of_package("skimage", "data/astronaut.png")
    if photograph is not None:
        examples.insert(0, Example("astronaut.png", "Example: photograph", photograph.read_bytes))
    return examples


def _drawn_faces() -> bytes:
    picture = make_group_picture(EMOTIONS, seed=7)
    _, data = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    return data.tobytes()
