"""Networks, augmentation, calibration and export: all that needs Keras but no training."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest

from emotion.dataset.face_dataset import FaceDataset
from emotion.evaluation.metrics import evaluate_probabilities
from emotion.labels import EMOTIONS
from emotion.models.classifier import Classifier
from emotion.synthetic.faces import generate
from emotion.training import finish
from emotion.training.architectures import ARCHITECTURES, build_network
from emotion.training.augmentation import RandomAffine, RandomBlur, RandomNoise, build_augmentation
from emotion.training.calibration import Calibration
from emotion.training.config import SETTINGS, AugmentationConfig, RunConfig
from emotion.training.data import prepare
from emotion.training.presets import PRESETS

pytestmark = pytest.mark.slow

CALIBRATION = Calibration(1.7, np.linspace(1, 2, 7), 1.1, np.full(7, 1 / 7))
SMALL = RunConfig(widths=(8, 16), blocks=1, stem_width=8, precision="float32")
FACES = generate(14, seed=0)[0]


def batch(images=FACES) -> np.ndarray:
    return images[..., None].astype(np.float32)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_network_maps_faces_to_logits(name):
    network = build_network(SMALL.changed(architecture=name))
    logits = np.asarray(network(batch()))
    assert logits.shape == (14, 7)
    assert logits.dtype == np.float32
    features = network.get_layer("features").output.shape
    assert features[1:3] == (12, 12)


def test_the_page_offers_the_architectures_that_there_are():
    assert tuple(ARCHITECTURES) == tuple(SETTINGS["architecture"].choices)


@pytest.mark.parametrize(
    ("name", "limit"), [("quick", 150_000), ("small", 800_000), ("base", 2_000_000), ("large", 5_000_000)]
)
def test_the_presets_keep_to_their_size(name, limit):
    assert build_network(PRESETS[name]).count_params() < limit


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_dense_layer_can_stand_before_the_logits(name):
    network = build_network(SMALL.changed(architecture=name, dense_units=5))
    assert network.get_layer("hidden").output.shape[-1] == 5
    outputs = finish.inference_model(network)(batch())
    assert np.asarray(outputs["activation_maps"]).shape == (14, 12, 12, 7)


def test_stochastic_depth_skips_blocks_only_while_training():
    network = build_network(SMALL.changed(stochastic_depth=0.9, dropout=0.0))
    assert np.array_equal(network(batch()), network(batch()))
    assert not np.array_equal(network(batch(), training=True), network(batch(), training=True))


@pytest.mark.parametrize(("gain", "offset"), [(0.5, 0), (1.0, 60), (0.4, 100)])
def test_brightness_and_contrast_of_the_picture_do_not_matter(gain, offset):
    network = build_network(SMALL)
    assert np.allclose(network(batch()), network(batch() * gain + offset), atol=2e-3)


NOTHING = {"flip": False, "rotation": 0.0, "shift": 0.0, "zoom": 0.0}


def augment(images: np.ndarray, **changes) -> np.ndarray:
    return np.asarray(RandomAffine(**(NOTHING | changes), seed=1)(images, training=True))


def test_affine_without_strength_changes_nothing():
    assert np.allclose(augment(batch()), batch(), atol=0.01)


def test_affine_changes_only_training_faces():
    layer = RandomAffine(flip=True, rotation=30, shift=0.2, zoom=0.2, seed=0)
    assert np.array_equal(layer(batch(), training=False), batch())


def test_affine_mirrors_about_half_of_the_faces():
    images = np.repeat(batch(FACES[:1]), 200, axis=0)
    mirrored = np.isclose(augment(images, flip=True), images[:, :, ::-1], atol=0.01).all(axis=(1, 2, 3))
    kept = np.isclose(augment(images, flip=True), images, atol=0.01).all(axis=(1, 2, 3))
    assert (mirrored | kept).all()
    assert 70 < mirrored.sum() < 130


@pytest.mark.parametrize(
    ("changes", "limit"),
    # Where a point of the frame's edge can end up at most, in pixels from where it was.
    [({"rotation": 10.0}, 4.5), ({"shift": 0.1}, 4.9), ({"zoom": 0.2}, 4.9)],
)
def test_affine_moves_a_point_no_further_than_asked(changes, limit):
    image = np.zeros((400, 48, 48, 1), np.float32)
    image[:, 24, 40] = 255
    moved = augment(image, **changes)[..., 0]
    weights = moved.sum(axis=(1, 2))
    rows, columns = np.mgrid[:48, :48]
    distance = np.hypot(
        (moved * rows).sum((1, 2)) / weights - 24, (moved * columns).sum((1, 2)) / weights - 40
    )
    assert distance.max() <= limit * 1.42
    assert distance.max() > limit * 0.4  # it does move


def test_augmentation_is_repeatable_and_stays_in_range():
    config = AugmentationConfig(erasing=1.0)
    first, second = (np.asarray(build_augmentation(config, 7)(batch(), training=True)) for _ in range(2))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, np.asarray(build_augmentation(config, 8)(batch(), training=True)))
    assert first.min() >= 0
    assert first.max() <= 255


def test_augmentation_can_be_turned_off():
    layers = build_augmentation(AugmentationConfig(erasing=0.0, **NOTHING), 0)
    assert np.array_equal(layers(batch(), training=True), batch())


@pytest.mark.parametrize("part", ["brightness", "contrast"])
def test_light_changes_and_stays_in_range(part):
    layers = build_augmentation(AugmentationConfig(erasing=0.0, **NOTHING, **{part: 0.5}), 0)
    changed = np.asarray(layers(batch(), training=True))
    assert np.abs(changed - batch()).max() > 10
    assert changed.min() >= 0
    assert changed.max() <= 255


WORSENED = (RandomBlur, RandomNoise)


@pytest.mark.parametrize("layer", WORSENED)
def test_worse_pictures_only_while_training(layer):
    images = np.repeat(batch(), 20, axis=0)
    assert np.array_equal(layer(1.0)(images, training=False), images)
    changed = np.asarray(layer(0.3, seed=1)(images, training=True))
    shares = (np.abs(changed - images).max(axis=(1, 2, 3)) > 0.01).mean()
    assert 0.2 < shares < 0.4
    assert np.array_equal(changed, layer(0.3, seed=1)(images, training=True))
    assert changed.min() >= 0
    assert changed.max() <= 255
    again = layer.from_config(layer(0.3, seed=1).get_config())
    assert np.array_equal(changed, again(images, training=True))


def test_blur_is_gaussian_and_keeps_an_even_picture():
    dot = np.zeros((200, 48, 48, 1), np.float32)
    dot[:, 24, 20] = 100.0
    blurred = np.asarray(RandomBlur(1.0, sigma=2.0, seed=3)(dot, training=True))[..., 0]
    assert np.allclose(blurred.sum(axis=(1, 2)), 100, rtol=1e-3)
    variance = (blurred.sum(axis=1) * (np.arange(48) - 20) ** 2).sum(axis=1) / 100
    of_rows = (blurred.sum(axis=2) * (np.arange(48) - 24) ** 2).sum(axis=1) / 100
    assert np.allclose(variance, of_rows, atol=0.01)
    assert 3.2 < variance.max() <= 4.01
    assert variance.min() < 0.5
    even = np.full((4, 48, 48, 1), 90.0, np.float32)
    assert np.allclose(RandomBlur(1.0)(even, training=True), even, atol=0.01)


def test_noise_is_as_strong_as_asked_at_most():
    grey = np.full((200, 48, 48, 1), 128.0, np.float32)
    noisy = np.asarray(RandomNoise(1.0, deviation=20.0, seed=3)(grey, training=True))
    deviations = noisy.std(axis=(1, 2, 3))
    assert 18 < deviations.max() < 21
    assert deviations.min() < 2
    assert abs(noisy.mean() - 128) < 0.1


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "mirrored"])
def exported(request, tmp_path_factory) -> tuple[np.ndarray, Path]:
    """The logits of a small network with random weights, and its files, exported as training does it."""
    keras.utils.set_random_seed(0)
    network = build_network(SMALL)
    network.get_layer("logits").set_weights([np.random.default_rng(0).normal(size=(16, 7)), np.arange(7) / 7])
    folder = tmp_path_factory.mktemp("models") / "tiny"
    folder.mkdir()
    model = finish.inference_model(network, CALIBRATION, average_mirrored=request.param)
    finish.write_model_files(model, folder)
    (folder / "card.json").write_text(json.dumps({"labels": EMOTIONS}), encoding="utf-8")
    # The calibration is folded into the network's last layer.
    return finish.network_logits(network, FACES, average_mirrored=request.param), folder


def softmax(logits: np.ndarray) -> np.ndarray:
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def test_exported_keras_file_predicts_as_the_network(exported):
    logits, folder = exported
    outputs = keras.models.load_model(folder / "model.keras", compile=False)(batch())
    assert np.allclose(outputs["probabilities"], softmax(logits), atol=1e-6)


@pytest.mark.parametrize("count", [1, 3, 14])
def test_exported_litert_file_predicts_as_the_network(exported, count):
    logits, folder = exported
    predictions = Classifier(folder).predict(FACES[:count])
    # Its weights are rounded to 8 bits: a probability may move so far.
    difference = np.abs(predictions.probabilities - softmax(logits[:count])).max()
    assert difference < 0.03


def test_the_mean_of_an_activation_map_is_the_logit(exported):
    logits, folder = exported
    maps = Classifier(folder).predict(FACES).activation_maps
    assert maps.shape == (14, 12, 12, 7)
    assert np.allclose(maps.mean(axis=(1, 2)), logits, atol=0.1)


def test_a_mirrored_face_gets_the_same_answer_and_the_mirrored_map():
    model = finish.inference_model(build_network(SMALL), average_mirrored=True)
    outputs, mirrored = model(batch()), model(batch()[:, :, ::-1])
    assert np.allclose(outputs["probabilities"], mirrored["probabilities"], atol=1e-5)
    maps = np.asarray(outputs["activation_maps"])
    assert np.allclose(maps, np.asarray(mirrored["activation_maps"])[:, :, ::-1], atol=1e-4)
    assert not np.allclose(maps, maps[:, :, ::-1], atol=1e-4)


@pytest.mark.parametrize("copies", [0, 3, 14])
def test_the_card_says_how_good_a_model_is_on_test_faces_without_a_copy(tmp_path, copies):
    images, labels = generate(84, seed=2)
    splits = np.array(["train"] * 70 + ["test"] * 14)
    images[:copies] = images[70 : 70 + copies]
    data = prepare(FaceDataset(images, labels, splits, np.arange(84).astype(str)), 0.2, seed=0)
    model = finish.inference_model(build_network(SMALL))
    found = finish.write_model(tmp_path, model, finish.build_card(SMALL, model, data, CALIBRATION, 1), data)
    assert list(found) == ["validation", "test"]  # what a run's page lets people choose from
    metrics = json.loads((tmp_path / "model" / "card.json").read_text())["metrics"]
    if copies != 3:
        assert list(metrics) == ["validation", "test"]
        return
    answers = Classifier(tmp_path / "model").predict(images[73:]).probabilities
    assert metrics["test_without_copies"] == evaluate_probabilities(answers, labels[73:]).figures()
    assert metrics["test"]["n"] == 14
