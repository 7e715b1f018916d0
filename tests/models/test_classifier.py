import json
import shutil
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from emotion import paths
from emotion.labels import EMOTIONS
from emotion.models.card import ModelError
from emotion.models.classifier import Classifier
from emotion.synthetic.faces import generate

FACES = generate(12, seed=0)[0]


@pytest.fixture
def model_copy(tmp_path):
    return shutil.copytree(paths.shipped_models_folder() / "crowd", tmp_path / "copy")


def change_card(folder, **changes):
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    (folder / "card.json").write_text(json.dumps(card | changes), encoding="utf-8")


@pytest.mark.parametrize("count", [0, 1, 5, 70])
def test_many_faces_in_one_call(classifier, count):
    faces = np.resize(FACES, (count, 48, 48))
    predictions = classifier.predict(faces)
    assert predictions.probabilities.shape == (count, 7)
    assert predictions.activation_maps.shape[0] == count
    assert predictions.activation_maps.shape[3] == 7
    assert np.allclose(predictions.probabilities.sum(axis=1), 1, atol=1e-5)


def test_a_face_is_judged_alike_alone_and_among_others(classifier):
    together = classifier.predict(FACES).probabilities
    alone = np.concatenate([classifier.predict(face).probabilities for face in FACES])
    assert np.allclose(together, alone, atol=1e-5)


@pytest.mark.parametrize(
    "faces",
    [np.zeros((1, 48, 47), np.uint8), np.zeros((2, 48, 48), np.float32), np.zeros((1, 48, 48, 1), np.uint8)],
)
def test_other_arrays_are_refused(classifier, faces):
    with pytest.raises(ValueError, match=r"faces must be uint8 \(n, 48, 48\), not"):
        classifier.predict(faces)


def test_threads_do_not_disturb_each_other(classifier):
    expected = [classifier.predict(face).probabilities for face in FACES]
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda face: classifier.predict(face).probabilities, list(FACES) * 20))
    for number, answer in enumerate(answers):
        assert np.array_equal(answer, expected[number % len(FACES)])


def test_the_card_decides_the_order_of_the_outputs(classifier, model_copy):
    change_card(model_copy, labels=EMOTIONS[::-1])
    original, reversed_ = classifier.predict(FACES), Classifier(model_copy).predict(FACES)
    assert np.allclose(original.probabilities, reversed_.probabilities[:, ::-1], atol=1e-6)
    assert np.allclose(original.activation_maps, reversed_.activation_maps[..., ::-1], atol=1e-5)


@pytest.mark.parametrize("content", [b"", b"not a model", None])
def test_a_damaged_file_is_reported_at_once(model_copy, content):
    path = model_copy / "model.tflite"
    path.write_bytes(path.read_bytes()[:5000] if content is None else content)
    with pytest.raises(ModelError, match="The file of the model 'copy' is damaged"):
        Classifier(model_copy)


def test_a_missing_file_is_reported(model_copy):
    (model_copy / "model.tflite").unlink()
    with pytest.raises(ModelError, match=r"has no readable file model\.tflite"):
        Classifier(model_copy)
