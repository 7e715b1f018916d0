"""The program that goes with an exported model: some lines that predict from a file, from a template."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from emotion.labels import EMOTIONS
from emotion.models.card import ModelCard
from emotion.models.reading import FULL_RANGE, Reading

# What needs to be installed for each kind of file, beside what opens pictures.
_PACKAGES = {".keras": "keras tensorflow", ".tflite": "ai-edge-litert", ".onnx": "onnxruntime"}


def example_program(card: ModelCard, file: str) -> str:
    """Return a program that predicts from the file of a picture with a model beside it.

    Args:
        card: the model's.
        file: its name, ending in .keras, .tflite or .onnx.
    """
    environment = Environment(  # noqa: S701 - a program and no page; nothing in it is a stranger's
        loader=FileSystemLoader(Path(__file__).parent),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    suffix, reading = Path(file).suffix, card.reading
    return environment.get_template("example.py.jinja").render(
        file=file,
        suffix=suffix,
        packages=_PACKAGES[suffix],
        reading=reading,
        pixels=_as_wanted(reading),
        extra=[name for name in reading.classes if name not in EMOTIONS],
    )


def _as_wanted(reading: Reading) -> str:
    """Return what makes of a grey picture, (height, width), what a model wants; it stands behind that."""
    channels = reading.size[2]
    if len(reading.shape) < 3:
        text = "[None]" if len(reading.shape) == 2 else ".reshape(1, -1)"
    else:
        text = "[None, None]" if reading.channels_first else "[None, :, :, None]"
        if channels > 1:
            text += f".repeat({channels}, axis={1 if reading.channels_first else 3})"
    if len(reading.ranges) == 1:
        ((low, high),) = reading.ranges
        if (low, high) == FULL_RANGE:
            return text
        scale = " / 255" if high - low == 1 else f" * {(high - low) / 255!r}"
        return text + scale + (f" + {low!r}" if low else "")
    behind = "[:, None, None]" if reading.channels_first else ""
    scales = [(high - low) / 255 for low, high in reading.ranges]
    lows = [low for low, _ in reading.ranges]
    return f"{text} * np.float32({scales}){behind} + np.float32({lows}){behind}"
