"""The program that goes with an exported model: some lines that predict from a file."""

from emotion.models.card import ModelCard

# What each format needs to be installed, the call that loads it, and the one that asks it.
_KERAS = (
    "keras tensorflow",
    "import keras",
    'model = keras.models.load_model(here / "{file}", compile=False)',
    "scores = model.predict(pixels, verbose=0){choice}[0]",
)
_LITERT = (
    "ai-edge-litert",
    "from ai_edge_litert.interpreter import Interpreter",
    'model = Interpreter(str(here / "{file}"))\n'
    "model.allocate_tensors()\n"
    "outputs = model.get_output_details()\n"
    "seven = next(item for item in outputs if len(item['shape']) == 2 and item['shape'][1] == len(labels))",
    'model.set_tensor(model.get_input_details()[0]["index"], pixels)\n'
    "model.invoke()\n"
    'scores = model.get_tensor(seven["index"])[0]',
)
_ONNX = (
    "onnxruntime",
    "import onnxruntime",
    'model = onnxruntime.InferenceSession(here / "{file}")',
    "scores = model.run({names}, {{model.get_inputs()[0].name: pixels}})[0][0]",
)
_TEMPLATE = '''"""Name the expression on a face: python example.py FACE.png

The picture should show one face and little else. Needs: pip install numpy pillow {packages}
"""

import json
import sys
from pathlib import Path

{imports}

here = Path(__file__).parent
labels = json.loads((here / "labels.json").read_text(encoding="utf-8"))
{load}
face = Image.open(sys.argv[1]).convert("L").resize((48, 48))
pixels = np.asarray(face, dtype="float32")[None, :, :, None]{scale}
{ask}
{softmax}for label, score in sorted(zip(labels, scores), key=lambda pair: -pair[1]):
    print(f"{{label:10}}{{min(score, 0.999):6.1%}}")
'''
_SOFTMAX = "scores = np.exp(scores - scores.max()) / np.exp(scores - scores.max()).sum()\n"


def example_program(card: ModelCard, file: str) -> str:
    """Return a program that predicts from the file of a picture with a model beside it.

    Args:
        card: the model's.
        file: its name, ending in .keras, .tflite or .onnx.
    """
    reading = card.reading
    parts = {".keras": _KERAS, ".tflite": _LITERT, ".onnx": _ONNX}["." + file.rpartition(".")[2]]
    packages, package_import, load, ask = parts
    imports = sorted([package_import, "import numpy as np", "from PIL import Image"], key=_import_order)
    return _TEMPLATE.format(
        packages=packages,
        imports="\n".join(imports),
        load=load.format(file=file),
        scale="" if reading.largest_input == 255 else " / 255",
        ask=ask.format(
            choice='["probabilities"]' if reading.is_own else "",
            names='["probabilities"]' if reading.is_own else "None",
        ),
        softmax=_SOFTMAX if reading.gives_logits else "",
    )


def _import_order(line: str) -> tuple[bool, str]:
    return line.startswith("from"), line.lower()
