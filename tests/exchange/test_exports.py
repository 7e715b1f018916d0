import io
import json
import runpy
import shutil
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from emotion import paths
from emotion.dataset import store
from emotion.errors import FileError
from emotion.evaluation import cache
from emotion.evaluation.trial import Trial, trial_faces
from emotion.exchange import exports
from emotion.exchange.exports import bundle, export_model, measure_forms
from emotion.exchange.imports import Told, import_model
from emotion.labels import EMOTIONS
from emotion.models import registry
from emotion.models.card import ModelError
from emotion.models.classifier import Classifier
from emotion.models.litert import open_own
from emotion.synthetic.faces import generate
from tests.helpers import png_bytes

FACES = generate(12, seed=2)[0]
# How far a probability of an export may lie from the original Keras model's.
FLOAT_TOLERANCE = 1e-4
QUANTISED_TOLERANCE = 0.03


def keras_answers(path: Path) -> np.ndarray:
    import keras

    model = keras.models.load_model(path, compile=False)
    return np.asarray(model(FACES[..., None].astype("float32"))["probabilities"])


def litert_answers(path: Path) -> np.ndarray:
    run = open_own(path.read_bytes())
    return np.concatenate([run(face[None, ..., None].astype(np.float32))[0] for face in FACES])


@pytest.mark.slow
def test_every_form_predicts_as_the_original(tmp_path):
    original = keras_answers(paths.shipped_models_folder() / "crowd" / "model.keras")
    forms = {
        "keras": (keras_answers, 0, ".keras"),
        "litert": (litert_answers, QUANTISED_TOLERANCE, ".tflite"),
        "litert-quantised": (litert_answers, QUANTISED_TOLERANCE, ".tflite"),
        "litert-float": (litert_answers, FLOAT_TOLERANCE, ".tflite"),
    }
    sizes = {}
    for form, (answers, tolerance, suffix) in forms.items():
        target = tmp_path / f"{form}{suffix}"
        export_model("crowd", form, target)
        sizes[form] = target.stat().st_size
        assert np.abs(answers(target) - original).max() <= tolerance
    assert sizes["litert-quantised"] < 0.3 * sizes["litert-float"]


def bundle_of(name: str, form: str, folder: Path) -> Path:
    with zipfile.ZipFile(io.BytesIO(bundle(name, form))) as archive:
        archive.extractall(folder)
    return folder / name


def expected_answer(classifier) -> tuple[str, str]:
    probabilities = classifier.predict(FACES[0]).probabilities[0]
    return EMOTIONS[int(probabilities.argmax())], f"{probabilities.max():.0%}"


def test_the_litert_example_runs(tmp_path, classifier):
    folder = bundle_of("crowd", "litert", tmp_path)
    assert {path.name for path in folder.iterdir()} == {
        "model.tflite",
        "labels.json",
        "example.py",
        "card.json",
    }
    assert tuple(json.loads((folder / "labels.json").read_text())) == EMOTIONS
    lines = (folder / "example.py").read_text().splitlines()
    assert 10 <= len([line for line in lines if line.strip()]) <= 25
    (tmp_path / "face.png").write_bytes(png_bytes(FACES[0]))
    process = subprocess.run(
        [sys.executable, folder / "example.py", tmp_path / "face.png"],
        capture_output=True,
        text=True,
        cwd="/",
    )
    assert process.returncode == 0, process.stderr
    name, share = process.stdout.split()[:2]
    assert (name, f"{float(share.rstrip('%')) / 100:.0%}") == expected_answer(classifier)
    assert len(process.stdout.splitlines()) == 7


@pytest.mark.slow
def test_the_keras_example_runs(tmp_path, classifier, monkeypatch, capsys):
    folder = bundle_of("crowd", "keras", tmp_path)
    (tmp_path / "face.png").write_bytes(png_bytes(FACES[0]))
    # In this process, which has loaded Keras already: a new one would take many seconds.
    monkeypatch.setattr(sys, "argv", ["example.py", str(tmp_path / "face.png")])
    runpy.run_path(str(folder / "example.py"), run_name="__main__")
    name, share = capsys.readouterr().out.split()[:2]
    probabilities = classifier.predict(FACES[0]).probabilities[0]
    assert name == EMOTIONS[int(probabilities.argmax())]
    assert float(share.rstrip("%")) / 100 == pytest.approx(probabilities.max(), abs=QUANTISED_TOLERANCE)


def foreign(**card) -> str:
    """A model whose card says that it was made elsewhere, with the shipped model's network."""
    name = registry.add_model(paths.shipped_models_folder() / "crowd", "foreign")
    path = registry.model_folder(name) / "card.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | card), encoding="utf-8")
    return name


def test_the_example_of_a_foreign_model_scales_and_takes_logits(tmp_path):
    name = foreign(
        input={"range": [0, 1]}, output={"activation_maps": False, "scores": "logits"}, weights="unknown"
    )
    text = (bundle_of(name, "litert", tmp_path) / "example.py").read_text()
    assert "[None, :, :, None] / 255" in text
    assert "np.exp(scores - scores.max())" in text
    compile(text, "example.py", "exec")


@pytest.mark.slow
@pytest.mark.parametrize("form", ["keras", "litert"])
def test_the_example_of_an_unusual_model_answers_as_the_product_does(tmp_path, monkeypatch, capsys, form):
    import keras

    keras.utils.set_random_seed(0)
    picture = keras.Input((64, 64, 3))
    scores = keras.layers.Dense(8, activation="sigmoid")(keras.layers.Flatten()(picture))
    keras.Model(picture, scores).save(tmp_path / "unusual.keras")
    ranges = ((-1.0, 1.0), (0.0, 1.0), (-0.5, 1.5))
    name = import_model(tmp_path / "unusual.keras", told=Told("ferplus", ranges, "disgust")).name
    folder = bundle_of(name, form, tmp_path)
    assert json.loads((folder / "labels.json").read_text())[-1] == "contempt"
    face = np.full((48, 48), 77, np.uint8)  # of one colour, whichever way it is resized
    (tmp_path / "face.png").write_bytes(png_bytes(face))
    monkeypatch.setattr(sys, "argv", ["example.py", str(tmp_path / "face.png")])
    runpy.run_path(str(folder / "example.py"), run_name="__main__")
    told = dict(line.rsplit(maxsplit=1) for line in capsys.readouterr().out.splitlines() if "%" in line)
    expected = Classifier(registry.model_folder(name)).predict(face).probabilities[0]
    for emotion, probability in zip(EMOTIONS, expected, strict=True):
        assert float(told[emotion].rstrip("%")) / 100 == pytest.approx(probability, abs=0.002)
    assert float(told["contempt"].rstrip("%")) == 0


@pytest.mark.slow
def test_onnx_says_what_to_install_or_predicts_alike(tmp_path, monkeypatch):
    packages = all(find_spec(name) for name in (*exports.ONNX_PACKAGES, "onnxruntime"))
    if packages:
        import onnxruntime

        export_model("crowd", "onnx", tmp_path / "model.onnx")
        session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
        pictures = {session.get_inputs()[0].name: FACES[..., None].astype(np.float32)}
        (answers,) = session.run(["probabilities"], pictures)
        original = keras_answers(paths.shipped_models_folder() / "crowd" / "model.keras")
        assert np.abs(answers - original).max() < FLOAT_TOLERANCE
    monkeypatch.setattr(exports, "find_spec", lambda name: None)
    monkeypatch.setattr(exports, "ready_file", lambda name, form: None)
    with pytest.raises(ModelError, match="not installed: pip install tf2onnx onnx"):
        export_model("crowd", "onnx", tmp_path / "other.onnx")


def test_what_was_imported_as_litert_has_one_form(tmp_path):
    name = foreign(weights="unknown")
    (registry.model_folder(name) / "model.keras").unlink()
    for form in ("keras", "litert-float", "litert-quantised", "onnx"):
        with pytest.raises(ModelError, match="was imported as LiteRT"):
            export_model(name, form, tmp_path / "x")
    export_model(name, "litert", tmp_path / "x.zip")
    assert zipfile.ZipFile(tmp_path / "x.zip").namelist()[0] == f"{name}/model.tflite"


def test_files_that_cannot_be_written(tmp_path):
    with pytest.raises(FileError, match="could not be written: No such file or directory"):
        export_model("crowd", "litert", tmp_path / "nowhere" / "model.tflite")
    assert not list(tmp_path.iterdir())


def test_what_8_bits_cost_is_measured_and_kept(monkeypatch):
    trial = Trial("crowd", store.SYNTHETIC, "test")
    # Both forms are the same file here: Keras has had its turn above.
    monkeypatch.setattr(
        exports, "make_file", lambda name, form, say: registry.model_folder(name) / "model.tflite"
    )
    progress = []
    figures = measure_forms(
        trial_faces(trial), on_progress=lambda done, total: progress.append((done, total))
    )
    assert progress[-1] == (24, 24)
    assert figures.n == 12
    assert figures.float_accuracy == figures.quantised_accuracy
    assert figures.largest_difference == 0
    assert exports.load_form_figures(trial_faces(trial)) == figures
    cache.forms_path(trial_faces(trial)).write_text("[]")
    assert exports.load_form_figures(trial_faces(trial)) is None


def test_forms_on_a_full_disk_are_one_sentence(monkeypatch):
    def refuse(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(
        exports, "make_file", lambda name, form, say: registry.model_folder(name) / "model.tflite"
    )
    monkeypatch.setattr(shutil, "copyfile", refuse)
    with pytest.raises(FileError, match="could not be compared: No space left"):
        measure_forms(trial_faces(Trial("crowd", store.SYNTHETIC, "test")))


def test_what_a_killed_conversion_left_is_removed_by_the_next():
    remains = cache.results_folder() / ".partial-999999999-0a1b2c3d-model.tflite"
    remains.parent.mkdir(parents=True)
    remains.touch()
    with cache.keeping():
        assert not remains.exists()
