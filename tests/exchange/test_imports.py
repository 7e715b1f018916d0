import numpy as np
import pytest

from emotion import paths
from emotion.exchange.imports import ALPHABETICAL, LIMITS, import_model, parse_labels
from emotion.jobs.jobs import Jobs
from emotion.jobs.status import JobState
from emotion.labels import EMOTIONS
from emotion.models import registry
from emotion.models.card import ModelError, read_card
from emotion.models.classifier import Classifier
from emotion.synthetic.faces import generate
from tests.helpers import PATIENCE

FACES = generate(9, seed=1)[0]


def build(units: int = 7, activation: str | None = "softmax", shape=(48, 48, 1), outputs: int = 1):
    """A small network such as somebody else might train."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(1)
    picture = keras.Input(shape)
    x = layers.Conv2D(8, 3, strides=2)(picture)
    x = layers.LeakyReLU()(layers.BatchNormalization()(x))
    x = layers.Dropout(0.3)(layers.GlobalAveragePooling2D()(x))
    answers = [layers.Dense(units, activation=activation)(x) for _ in range(outputs)]
    return keras.Model(picture, answers if outputs > 1 else answers[0])


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Foreign models, made once: their files by name, and what each says of FACES."""
    folder = tmp_path_factory.mktemp("foreign")
    parts = {
        "softmax": build(),
        "logits": build(activation=None),
        "five": build(units=5),
        "rgb": build(shape=(48, 48, 3)),
        "two": build(outputs=2),
    }
    answers = {}
    for name, model in parts.items():
        model.save(folder / f"{name}.keras")
        if name in ("softmax", "logits"):
            answers[name] = np.asarray(model(FACES[..., None].astype("float32") / 255))
    parts["logits"].export(folder / "logits.tflite", format="litert", verbose=False)
    parts["rgb"].export(folder / "rgb.tflite", format="litert", verbose=False)
    return folder, answers


def in_emotion_order(scores: np.ndarray, labels) -> np.ndarray:
    return scores[:, [labels.index(name) for name in EMOTIONS]]


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "labels"),
    [("softmax.keras", ALPHABETICAL), ("logits.keras", EMOTIONS), ("logits.tflite", EMOTIONS[::-1])],
)
def test_a_foreign_model_predicts_as_it_did_where_it_came_from(files, file, labels):
    folder, answers = files
    said = []
    name = import_model(folder / file, labels=labels, say=said.append)
    kind = file.partition(".")[0]
    assert name == kind
    classifier = Classifier(registry.model_folder(name))
    predictions = classifier.predict(FACES)
    scores = answers[kind] if kind == "softmax" else softmax(answers[kind])
    assert np.allclose(predictions.probabilities, in_emotion_order(scores, labels), atol=1e-4)
    assert predictions.activation_maps is None
    assert not classifier.has_activation_maps
    assert classifier.predict(FACES[:0]).probabilities.shape == (0, 7)
    card = classifier.card.content
    assert card["imported_from"] == file
    assert (registry.model_folder(name) / "model.keras").exists() == file.endswith(".keras")
    if file.endswith(".keras"):
        assert card["parameters"] == 8 * 9 + 8 + 2 * 8 + 8 * 7 + 7
    assert said[-1] == "Trying it on faces …"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("five.keras", "gives 5 numbers for a face, not 7"),
        ("rgb.keras", "takes pictures of 48 x 48 x 3, not of 48 x 48 x 1"),
        ("rgb.tflite", "takes pictures of 48 x 48 x 3, not of 48 x 48 x 1"),
        ("two.keras", "gives 2 outputs, not one"),
    ],
)
def test_models_for_something_else(files, file, message):
    with pytest.raises(ModelError, match=message):
        import_model(files[0] / file)
    assert [card.name for card in registry.list_models()] == list(registry.SHIPPED_MODELS)


def test_this_products_own_model_keeps_its_maps_labels_and_range(classifier):
    source = paths.shipped_models_folder() / "crowd" / "model.tflite"
    name = import_model(source, "copy", ALPHABETICAL, 1.0)
    again = Classifier(registry.model_folder(name))
    expected, predictions = classifier.predict(FACES), again.predict(FACES)
    assert np.array_equal(predictions.probabilities, expected.probabilities)
    assert np.array_equal(predictions.activation_maps, expected.activation_maps)


def test_a_damaged_litert_file(tmp_path):
    whole = (paths.shipped_models_folder() / "crowd" / "model.tflite").read_bytes()
    (tmp_path / "half.tflite").write_bytes(whole[:5000])
    jobs = Jobs()
    jobs.start("import", "Importing", ["models", "import", str(tmp_path / "half.tflite")], LIMITS)
    status = jobs.wait("import", PATIENCE)
    assert status.state is JobState.FAILED
    assert "damaged" in status.error


@pytest.mark.slow
def test_in_a_process_of_its_own(files):
    jobs = Jobs()
    file = str(files[0] / "logits.tflite")
    jobs.start(
        "import",
        "Importing",
        ["models", "import", file, "--name=Mine (2)", "--labels=fer2013", "--range=0-1"],
        LIMITS,
    )
    status = jobs.wait("import", PATIENCE)
    assert (status.error, status.result) == (None, {"name": "Mine-2"})
    assert read_card(registry.model_folder("Mine-2")).labels == EMOTIONS


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("angry, disgust, fear, happy, sad, surprise, neutral", EMOTIONS),
        ("Anger\nDisgust\nFear\nHappiness\nNeutral\nSadness\nSurprised", ALPHABETICAL),
        ("0 1 2 3 4 5 6", EMOTIONS),
    ],
)
def test_orders_people_write(text, labels):
    assert parse_labels(text) == labels


@pytest.mark.parametrize("text", ["", "happy", "angry, " * 7, ", ".join([*EMOTIONS, "contempt"])])
def test_orders_that_are_none(text):
    with pytest.raises(ModelError, match="each of these once: angry, disgust"):
        parse_labels(text)
