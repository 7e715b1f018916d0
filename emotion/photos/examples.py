"""Pictures to try the product with, none of them stored in it."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import cv2

from emotion.labels import EMOTIONS
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
    photograph = _astronaut_path()
    if photograph is not None:
        examples.insert(0, Example("astronaut.png", "Example: photograph", photograph.read_bytes))
    return examples


def _astronaut_path() -> Path | None:
    """Return where scikit-image keeps its public-domain photograph of Eileen Collins (NASA)."""
    # Located, not imported: the import would cost a second and a hundred megabytes.
    spec = find_spec("skimage")
    if spec is None or not spec.submodule_search_locations:
        return None
    path = Path(spec.submodule_search_locations[0]) / "data" / "astronaut.png"
    return path if path.is_file() else None


def _drawn_faces() -> bytes:
    picture = make_group_picture(EMOTIONS, seed=7)
    _, data = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    return data.tobytes()
