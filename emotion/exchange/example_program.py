"""The program that goes with an exported model: some lines that predict from a file, from a template."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from emotion.models.card import ModelCard

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
    suffix = Path(file).suffix
    return environment.get_template("example.py.jinja").render(
        file=file, suffix=suffix, packages=_PACKAGES[suffix], reading=card.reading
    )
