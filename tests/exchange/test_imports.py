import shutil
import tempfile

import numpy as np
import pytest

from emotion import paths
from emotion.dataset import store
from emotion.dataset.loading import open_source
from emotion.errors import FileError
from emotion.exchange import adjusting, probing
from emotion.exchange.imports import LIMITS, Told, import_model
from emotion.exchange.orders import ALPHABETICAL, CONTEMPT
from emotion.jobs.jobs import Jobs
from emotion.jobs.status import JobState
from emotion.labels import EMOTIONS
from emotion.models import litert, registry
from emotion.models.card import ModelError, read_card
from emotion.models.classifier import Classifier
from emotion.synthetic.faces import generate
from tests.helpers import PATIENCE, faces_by_name, write_folder

FACES = generate(9, seed=1)[0]


def build(units: int = 7, activation="softmax", shape=(48, 48, 1), outputs: int = 1, first=lambda x: x):
    """A small network such as somebody else might train."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(1)
    picture = keras.Input(shape)
    x = layers.Conv2D(8, 3, strides=2)(first(picture))
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
        "large": build(shape=(600, 600, 1)),
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
    name = import_model(folder / file, told=Told(", ".join(labels)), say=said.append).name
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
        ("five.keras", "gives 5 numbers for a face, not 7, nor 8 with contempt"),
        ("large.keras", "takes pictures of 600 x 600 x 1; up to 512 pixels a side are possible"),
        ("two.keras", "gives 2 answers for a face, and nobody knows which one counts"),
    ],
)
def test_models_for_something_else(files, file, message):
    with pytest.raises(ModelError, match=message):
        import_model(files[0] / file)
    assert [card.name for card in registry.list_models()] == list(registry.SHIPPED_MODELS)


def test_this_products_own_model_keeps_its_maps_labels_and_range(classifier):
    source = paths.shipped_models_folder() / "crowd" / "model.tflite"
    imported = import_model(source, "copy", Told("alphabetical", ((0.0, 1.0),)))
    assert imported.notes == ()
    name = imported.name
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


@pytest.mark.parametrize(("module", "name"), [(tempfile, "TemporaryDirectory"), (shutil, "copyfile")])
def test_a_full_disk_is_one_sentence(monkeypatch, module, name):
    def refuse(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, name, refuse)
    with pytest.raises(FileError, match=r"The model could not be imported: No space left on device\."):
        import_model(paths.shipped_models_folder() / "crowd" / "model.tflite", "copy")


@pytest.mark.slow
def test_a_full_disk_is_no_fault_of_the_models(files, monkeypatch):
    from emotion.exchange import conversion

    def refuse(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(conversion, "write_litert", refuse)
    with pytest.raises(FileError, match="could not be imported: No space left"):
        import_model(files[0] / "softmax.keras")


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
    assert (status.error, status.result["name"]) == (None, "Mine-2")
    assert "It is given 0 (black) to 1 (white)." in status.result["notes"]
    assert read_card(registry.model_folder("Mine-2")).labels == EMOTIONS


def looks_at_brightness(
    first=lambda x: x, dark: float = 0.4, bright: float = 0.6, shape=(48, 48, 1), units=7
):
    """A network that calls dark faces angry and bright ones happy, if they reach its last layer as told.

    Args:
        first: what it does with a picture before.
        dark, bright: the means that it tells apart.
    """
    import keras
    from keras import layers

    picture = keras.Input(shape)
    mean = layers.GlobalAveragePooling2D()(first(picture))
    last = layers.Dense(units, activation="softmax")
    model = keras.Model(picture, last(mean))
    steep, between = 40 / (bright - dark), (dark + bright) / 2
    kernel, bias = np.zeros((shape[-1], units), np.float32), np.full(units, -60, np.float32)
    kernel[:, 0], kernel[:, 3] = -steep / shape[-1], steep / shape[-1]
    bias[0], bias[3] = steep * between, -steep * between
    last.set_weights([kernel, bias])
    return model


DARK_AND_BRIGHT = np.stack([np.full((48, 48), 90, np.uint8), np.full((48, 48), 165, np.uint8)])


def answers_of(name: str) -> list[str]:
    probabilities = Classifier(registry.model_folder(name)).predict(DARK_AND_BRIGHT).probabilities
    return [EMOTIONS[place] for place in probabilities.argmax(axis=1)]


FIRSTS = ("divides", "minus 1 to 1", "from 0 to 1", "standardises", "divides by hand", "augments")


def firsts():
    """What people's networks do with a picture first, and the range that they want therefore."""
    from keras import layers

    standardised = layers.Normalization(mean=127.5, variance=127.5**2)
    return {
        "divides": (layers.Rescaling(1 / 255), 0.4, 0.6, "0 (black) to 255 (white)"),
        "minus 1 to 1": (layers.Rescaling(1 / 127.5, offset=-1), -0.2, 0.2, "0 (black) to 255 (white)"),
        "from 0 to 1": (layers.Rescaling(2.0, offset=-1), -0.2, 0.2, "0 (black) to 1 (white)"),
        "standardises": (standardised, -0.2, 0.2, "0 (black) to 255 (white)"),
        "divides by hand": (lambda x: x / 255.0, 0.4, 0.6, "0 (black) to 255 (white)"),
        "augments": (
            lambda x: layers.Rescaling(1 / 255)(layers.RandomShear(0.1)(layers.RandomFlip("horizontal")(x))),
            0.4, 0.6, "0 (black) to 255 (white)",
        ),
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("form", ["keras", "tflite"])
@pytest.mark.parametrize("kind", FIRSTS)
def test_a_models_own_first_layers_tell_its_range(tmp_path, kind, form):
    first, dark, bright, words = firsts()[kind]
    model = looks_at_brightness(first, dark, bright)
    path = tmp_path / f"own.{form}"
    if form == "keras":
        model.save(path)
    else:
        model.export(path, format="litert", verbose=False)
    imported = import_model(path, told=Told("fer2013"))
    assert f"By its own first layers, it is given {words}." in imported.notes
    assert answers_of(imported.name) == ["angry", "happy"]


@pytest.mark.slow
def test_a_range_that_nothing_tells_is_assumed_and_said_and_can_be_changed(tmp_path):
    looks_at_brightness(dark=-0.2, bright=0.2).save(tmp_path / "centred.keras")
    imported = import_model(tmp_path / "centred.keras", told=Told("fer2013"))
    assert imported.notes[0].startswith("Nothing in it tells its range: 0 (black) to 1 (white) is assumed")
    assert answers_of(imported.name) == ["happy", "happy"]
    assert read_card(registry.model_folder(imported.name)).content["range_from"] == "assumed"
    adjusting.adjust(imported.name, ranges=((-1.0, 1.0),))
    assert answers_of(imported.name) == ["angry", "happy"]
    adjusting.adjust(imported.name, order=", ".join(EMOTIONS[::-1]))
    assert answers_of(imported.name) == ["neutral", "happy"]  # happy stands in the middle
    assert read_card(registry.model_folder(imported.name)).content["range_from"] == "told"


@pytest.mark.slow
@pytest.mark.parametrize("shape", [(48, 48, 3), (64, 64, 1), (224, 224, 3), (None, None, 1)])
def test_other_sizes_and_colour(tmp_path, shape):
    looks_at_brightness(shape=shape).save(tmp_path / "other.keras")
    imported = import_model(tmp_path / "other.keras", told=Told("fer2013", ((0.0, 1.0),)))
    assert answers_of(imported.name) == ["angry", "happy"]
    text = " ".join(imported.notes)
    assert ("same grey in all three channels" in text) == (shape[-1] == 3)
    assert ("are resized to" in text) == (shape[0] in (64, 224))


@pytest.mark.slow
@pytest.mark.parametrize("contempt", ["left out", "disgust"])
def test_eight_classes(tmp_path, contempt):
    looks_at_brightness(units=8).save(tmp_path / "eight.keras")
    imported = import_model(tmp_path / "eight.keras", told=Told("fer2013", ((0.0, 1.0),), contempt))
    assert answers_of(imported.name) == ["angry", "happy"]
    predicted = Classifier(registry.model_folder(imported.name)).predict(FACES).probabilities
    assert np.allclose(predicted.sum(axis=1), 1)
    reading = read_card(registry.model_folder(imported.name)).reading
    assert reading.classes == (*EMOTIONS, CONTEMPT)
    assert reading.left_out == ((CONTEMPT,) if contempt == "left out" else ())
    adjusting.adjust(imported.name, contempt="disgust")
    assert read_card(registry.model_folder(imported.name)).reading.counts_as == {CONTEMPT: "disgust"}


@pytest.mark.slow
def test_half_floats_whole_numbers_sigmoids_and_a_second_head(tmp_path):
    import keras

    keras.config.set_dtype_policy("mixed_float16")
    try:
        build().save(tmp_path / "half.keras")
    finally:
        keras.config.set_dtype_policy("float32")
    build(activation="sigmoid").save(tmp_path / "sigmoid.keras")
    picture = keras.Input((48, 48, 1))
    mean = keras.layers.Flatten()(picture)
    heads = [keras.layers.Dense(units, activation="softmax")(mean) for units in (2, 7)]
    keras.Model(picture, heads).save(tmp_path / "heads.keras")
    for name, scores in (("half", "probabilities"), ("sigmoid", "sigmoids"), ("heads", "probabilities")):
        imported = import_model(tmp_path / f"{name}.keras")
        classifier = Classifier(registry.model_folder(imported.name))
        assert classifier.card.reading.scores == scores
        assert np.allclose(classifier.predict(FACES).probabilities.sum(axis=1), 1, atol=1e-5)


@pytest.mark.slow
def test_a_model_that_never_saw_a_picture(tmp_path):
    import keras

    layers = [keras.layers.Conv2D(8, 3), keras.layers.Flatten(), keras.layers.Dense(7)]
    keras.Sequential(layers).save(tmp_path / "unbuilt.keras")
    with pytest.raises(ModelError, match="was saved before it had seen a picture"):
        import_model(tmp_path / "unbuilt.keras")


@pytest.mark.slow
def test_a_model_that_would_fill_the_memory_or_take_for_ever(files, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(litert, "MAX_TENSOR_BYTES", 10_000)
        with pytest.raises(ModelError, match="GB for a single face; up to"):
            import_model(files[0] / "softmax.keras")
    monkeypatch.setattr(probing, "MAX_SECONDS_A_FACE", -1.0)
    with pytest.raises(ModelError, match="for a single face on this machine; more than"):
        import_model(files[0] / "softmax.keras")


@pytest.mark.slow
def test_faces_with_labels_tell_range_and_order(tmp_path):
    """A network that knows the built-in faces by heart, its outputs in an order of its own, -1 to 1."""
    import keras

    write_folder(tmp_path / "faces", faces_by_name(210))
    dataset = open_source(str(tmp_path / "faces"))
    order = ("sad", "neutral", "angry", "surprise", "happy", "fear", "disgust")
    images = np.asarray(dataset.faces.images, np.float32)[..., None] / 127.5 - 1
    labels = np.array([order.index(EMOTIONS[label]) for label in dataset.faces.labels])
    keras.utils.set_random_seed(0)
    model = keras.Sequential([
        keras.Input((48, 48, 1)), keras.layers.AveragePooling2D(2), keras.layers.Flatten(),
        keras.layers.Dense(64, activation="tanh"), keras.layers.Dense(7, activation="softmax"),
    ])  # fmt: skip
    model.compile(keras.optimizers.Adam(0.003), "sparse_categorical_crossentropy")
    model.fit(images, labels, epochs=120, batch_size=16, verbose=0)
    model.save(tmp_path / "mine.keras")
    imported = import_model(tmp_path / "mine.keras", dataset=dataset)
    reading = read_card(registry.model_folder(imported.name)).reading
    assert reading.ranges == ((-1.0, 1.0),)
    assert reading.classes == order
    assert imported.notes[-1] == "So it is read now."
    told = import_model(tmp_path / "mine.keras", told=Told("fer2013", ((-1.0, 1.0),)), dataset=dataset)
    assert read_card(registry.model_folder(told.name)).labels == EMOTIONS  # what a person says is kept ...
    assert (
        "would be right with -1 (black) to 1 (white) and the order sad, neutral" in told.notes[-1]
    )  # ... and doubted
    tried = adjusting.try_on(told.name, str(tmp_path / "faces"))
    assert tried.proposal.classes == order
    assert adjusting.try_on(imported.name, str(tmp_path / "faces")).proposal is None
    few = import_model(tmp_path / "mine.keras", dataset=store.open_dataset(store.SYNTHETIC))
    assert "12 faces to try a model on; 70 are needed" in few.notes[-1]


def test_the_reading_of_ones_own_models_stays():
    for change in (adjusting.adjust, lambda name: adjusting.try_on(name, store.SYNTHETIC)):
        with pytest.raises(ModelError, match="its range and its order are known, and stay"):
            change("crowd")


def test_what_contempt_may_count_as():
    with pytest.raises(ModelError, match="Contempt is left out, or counts as one of"):
        Told(contempt="pride")


@pytest.mark.slow
def test_a_division_that_the_converter_made_part_of_a_convolution_is_seen(tmp_path):
    from keras import layers

    build(first=layers.Rescaling(1 / 255)).export(tmp_path / "own.tflite", format="litert", verbose=False)
    assert import_model(tmp_path / "own.tflite").notes[0].endswith("it is given 0 (black) to 255 (white).")
    build().export(tmp_path / "plain.tflite", format="litert", verbose=False)
    assert import_model(tmp_path / "plain.tflite").notes[0].startswith("Nothing in it tells its range")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["uint8", "int8", "float32"])
def test_whole_numbers_in_and_out(tmp_path, kind):
    import tensorflow as tf

    model = looks_at_brightness()
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([np.full((1, 48, 48, 1), v, np.float32)] for v in (0, 0.5, 1))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = getattr(tf, kind)
    (tmp_path / "whole.tflite").write_bytes(converter.convert())
    imported = import_model(tmp_path / "whole.tflite", told=Told("fer2013"))
    assert "By its own first layers, it is given 0 (black) to 1 (white)." in imported.notes
    assert answers_of(imported.name) == ["angry", "happy"]


@pytest.mark.slow
def test_operations_of_tensorflow_itself_are_named(tmp_path):
    import tensorflow as tf

    class Network(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([1, 48, 48, 1], tf.float32)])
        def __call__(self, picture):
            return tf.reshape(tf.reduce_sum(tf.linalg.qr(picture[0, :7, :7, 0])[1], 0), [1, 7])

    network = Network()
    function = network.__call__.get_concrete_function()
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function], network)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS]
    (tmp_path / "flex.tflite").write_bytes(converter.convert())
    with pytest.raises(ModelError, match=r"needs operations of TensorFlow itself \(Select TF ops\)"):
        import_model(tmp_path / "flex.tflite")
