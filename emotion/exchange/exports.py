"""Models to take away: in which forms, what each costs in accuracy, and a zip with all one needs.

What needs Keras happens in the commands `models export` and `models weights`; converted files are kept
with the other results.
"""

import io
import json
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from emotion.evaluation import cache
from emotion.evaluation.answers import in_blocks
from emotion.evaluation.trial import TrialFaces
from emotion.exchange.example_program import example_program
from emotion.files import disk_errors, replacing
from emotion.jobs.progress import OnProgress
from emotion.models.card import CARD, KERAS_FILE, LITERT_FILE, ModelError, read_card
from emotion.models.classifier import Classifier
from emotion.models.registry import model_folder

# Each form with what it is called; "litert" is the file this product itself predicts with.
FORMATS: dict[str, str] = {
    "keras": "Keras",
    "litert": "LiteRT, as it is used here",
    "litert-quantised": "LiteRT, weights of 8 bits",
    "litert-float": "LiteRT, weights of 32 bits",
    "onnx": "ONNX",
}
ONNX_PACKAGES = ("tf2onnx", "onnx")
_SUFFIXES = {"keras": ".keras", "onnx": ".onnx"}
# A deflated zip of numbers that hardly compress: fast is enough.
_LEVEL = 1


@dataclass(frozen=True)
class FormFigures:
    """What 8-bit weights cost: both forms of a model on the same faces.

    Attributes:
        n: how many faces.
        float_accuracy, quantised_accuracy: 0 to 1.
        largest_difference: between two probabilities of the same face and class.
        float_bytes, quantised_bytes: sizes of the files.
    """

    n: int
    float_accuracy: float
    quantised_accuracy: float
    largest_difference: float
    float_bytes: int
    quantised_bytes: int


def why_not(name: str, form: str) -> str | None:
    """Return why a model cannot be had in a form, in one sentence; None where it can.

    Raises:
        ModelError: there is no such model.
    """
    folder = model_folder(name)
    if _as_it_lies(folder, form) is not None:
        return None
    if not (folder / KERAS_FILE).is_file():
        return f"The model {name!r} was imported as LiteRT: only that file can be taken away."
    if form == "onnx" and (missing := [item for item in ONNX_PACKAGES if find_spec(item) is None]):
        return f"ONNX needs a package that is not installed: pip install {' '.join(missing)}"
    return None


def ready_file(name: str, form: str) -> Path | None:
    """Return the file of a form that needs no more work; None where it has to be made first.

    Raises:
        ModelError: there is no such model.
    """
    folder = model_folder(name)
    file = _as_it_lies(folder, form) or cache.converted_path(name, form, _suffix(form))
    return file if file.is_file() else None


def make_file(name: str, form: str, say: Callable[[str], None] = lambda text: None) -> Path:
    """Return the file of a form, made now where it has to be; may import Keras.

    Raises:
        ModelError: the model cannot be had in this form.
        FileError: the disk refuses.
    """
    known = ready_file(name, form)
    if known is not None:
        return known
    reason = why_not(name, form)
    if reason is not None:
        raise ModelError(reason)
    say("Starting Keras …")
    from emotion.exchange import conversion

    path = cache.converted_path(name, form, _suffix(form))
    model = conversion.load_trusted(model_folder(name) / KERAS_FILE)
    say(f"Making {FORMATS[form]} …")
    with cache.keeping(), replacing(path) as partial:
        if form == "onnx":
            conversion.write_onnx(model, partial, read_card(model_folder(name)).reading)
        else:
            conversion.write_litert(model, partial, quantised=form == "litert-quantised")
    return path


def measure_forms(
    faces: TrialFaces,
    say: Callable[[str], None] = lambda text: None,
    on_progress: OnProgress = lambda done, total: None,
) -> FormFigures:
    """Return what 8-bit weights cost on a trial's faces, from what is kept or anew; may import Keras.

    Raises:
        DatasetError, ModelError: there is no such model or dataset, or only one form of the model.
        FileError: the disk refuses.
    """
    known = load_form_figures(faces)
    if known is not None:
        return known
    files = [make_file(faces.trial.model, form, say) for form in ("litert-float", "litert-quantised")]
    count = len(faces)
    with disk_errors("The model's forms could not be compared"):
        answers = [
            _answers(faces, files[0], lambda done: on_progress(done, 2 * count)),
            _answers(faces, files[1], lambda done: on_progress(count + done, 2 * count)),
        ]
        sizes = [file.stat().st_size for file in files]
    accuracy = [float((part.argmax(axis=1) == faces.labels).mean()) for part in answers]
    difference = float(np.abs(answers[0] - answers[1]).max())
    figures = FormFigures(count, accuracy[0], accuracy[1], difference, sizes[0], sizes[1])
    cache.save_json(cache.forms_path(faces), asdict(figures))
    return figures


def load_form_figures(faces: TrialFaces) -> FormFigures | None:
    """Return what `measure_forms` found; None while nobody has asked it.

    Raises:
        ModelError: there is no such model.
    """
    return cache.load(cache.forms_path(faces), lambda content: FormFigures(**content))


def _answers(faces: TrialFaces, file: Path, on_progress: Callable[[int], None]) -> np.ndarray:
    """Return what a form of the trial's model says of its faces, float32 (n, 7)."""
    with tempfile.TemporaryDirectory(prefix="emotion-form-") as temporary:
        place = Path(temporary)
        shutil.copyfile(model_folder(faces.trial.model) / CARD, place / CARD)
        shutil.copyfile(file, place / LITERT_FILE)
        return in_blocks(Classifier(place, threads=2), faces.dataset.faces.images, faces.indices, on_progress)


def bundle(name: str, form: str) -> bytes:
    """Return a zip of a form, made before, with labels, card and a program that predicts.

    Raises:
        ModelError: the form has not been made.
        FileError: the disk refuses.
    """
    file = ready_file(name, form)
    if file is None:
        raise ModelError(f"{FORMATS[form]} of the model {name!r} has not been made yet.")
    card = read_card(model_folder(name))
    inside = f"model{_suffix(form)}"
    buffer = io.BytesIO()
    with (
        disk_errors("The model's files could not be read"),
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive,
    ):
        archive.write(file, f"{name}/{inside}")
        archive.writestr(f"{name}/labels.json", json.dumps(card.reading.classes))
        archive.writestr(f"{name}/example.py", example_program(card, inside))
        archive.writestr(f"{name}/{CARD}", json.dumps(card.content, indent=2) + "\n")
    return buffer.getvalue()


def export_model(name: str, form: str, target: Path, say: Callable[[str], None] = lambda text: None) -> None:
    """Write a form to a file: a `.zip` gets all that `bundle` gives, another name the model alone.

    Raises:
        ModelError: the model cannot be had in this form.
        FileError: the disk refuses.
    """
    file = make_file(name, form, say)
    with disk_errors("The model's file could not be read"):
        content = bundle(name, form) if target.suffix.lower() == ".zip" else file.read_bytes()
    with replacing(target) as partial:
        partial.write_bytes(content)


def _suffix(form: str) -> str:
    return _SUFFIXES.get(form, ".tflite")


def _as_it_lies(folder: Path, form: str) -> Path | None:
    """Return the model's own file, if it already has this form."""
    if form == "keras":
        file = folder / KERAS_FILE
        return file if file.is_file() else None
    # Training writes weights of 8 bits; an import says what it wrote.
    own = read_card(folder).content.get("weights", "quantised")
    return folder / LITERT_FILE if form in ("litert", f"litert-{own}") else None
