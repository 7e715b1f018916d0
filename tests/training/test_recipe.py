"""Optimiser, schedule and loss: what surrounds the network."""

import keras
import numpy as np
import pytest

from emotion import paths
from emotion.models.card import ModelError
from emotion.models.registry import model_folder
from emotion.synthetic.faces import generate
from emotion.training import finish, recipe
from emotion.training.architectures import build_network, one_head
from emotion.training.config import SETTINGS, ConfigError, RunConfig
from emotion.training.data import one_hot
from emotion.training.presets import PRESETS

pytestmark = pytest.mark.slow

SMALL = RunConfig(
    widths=(8,), blocks=1, stem_width=8, precision="float32", epochs=8, warmup_epochs=2, learning_rate=1.0
)
STEPS = 10


def rates(config: RunConfig) -> np.ndarray:
    schedule = recipe.learning_rate_schedule(config, STEPS)
    return np.array([float(schedule(step)) for step in range(config.epochs * STEPS + 1)])


def test_cosine_rises_to_its_peak_and_falls_to_nothing():
    curve = rates(SMALL)
    assert curve[0] == 0
    assert curve.argmax() == 2 * STEPS
    assert curve.max() == pytest.approx(1.0)
    assert (np.diff(curve[2 * STEPS :]) <= 0).all()
    assert curve[-1] == pytest.approx(0, abs=1e-6)


def test_constant_stays_at_its_peak_after_the_warm_up():
    assert np.allclose(rates(SMALL.changed(schedule="constant"))[2 * STEPS :], 1.0)


def test_steps_divide_by_ten_after_half_and_three_quarters():
    curve = rates(SMALL.changed(schedule="step"))
    assert np.allclose(curve[[5, 30, 45, 70]], [0.1, 1.0, 0.1, 0.01])
    assert np.allclose(rates(SMALL.changed(schedule="step", warmup_epochs=0))[[5, 30]], 1.0)


@pytest.mark.parametrize("schedule", ["cosine", "constant", "step"])
def test_a_single_epoch_with_a_long_warm_up_has_a_schedule(schedule):
    curve = rates(SMALL.changed(schedule=schedule, epochs=1, warmup_epochs=9))
    assert (curve >= 0).all()
    assert curve.max() > 0


@pytest.mark.parametrize("name", SETTINGS["optimizer"].choices)
def test_every_optimizer_learns(name):
    keras.utils.set_random_seed(0)
    config = SMALL.changed(optimizer=name, learning_rate=0.01, warmup_epochs=0.0, dropout=0.0)
    made = recipe.build_recipe(config, train_faces=128 * STEPS)
    assert made.steps == STEPS
    made.model.run_eagerly = True  # for six steps, tracing would take twice as long
    faces = np.random.default_rng(0).uniform(0, 255, (14, 48, 48, 1)).astype(np.float32)
    targets = one_hot(np.arange(14) % 7)
    history = made.model.fit(faces, targets, epochs=6, batch_size=14, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]


def test_distillation_weighs_the_targets_and_the_teachers():
    logits, targets = np.array([[2.0, 0, 0, 0, 0, 0, 0]]), one_hot(np.array([0]))
    teacher = np.log(np.full((1, 7), 1 / 7))
    plain = keras.losses.CategoricalCrossentropy(from_logits=True)

    def loss(share: float, temperature: float = 2.0) -> float:
        made = recipe.DistillationLoss(plain, share, temperature)
        return float(made(targets, np.concatenate([logits, teacher], axis=1).astype(np.float32)))

    def cross_entropy(target: np.ndarray, scores: np.ndarray) -> float:
        return float(-(target * (scores - np.log(np.exp(scores).sum()))).sum())

    to_targets = cross_entropy(targets[0], logits[0])
    to_teacher = 4 * cross_entropy(np.full(7, 1 / 7), logits[0] / 2)
    assert loss(0.0) == pytest.approx(to_targets, rel=1e-4)
    assert loss(1.0) == pytest.approx(to_teacher, rel=1e-4)
    assert loss(0.25) == pytest.approx(0.75 * to_targets + 0.25 * to_teacher, rel=1e-4)


@pytest.fixture
def teacher() -> keras.Model:
    """A small one, which stands in the registry as `tutor`."""
    model = finish.inference_model(build_network(SMALL))
    folder = paths.models_folder() / "tutor"
    folder.mkdir(parents=True)
    model.save(folder / "model.keras")
    (folder / "card.json").write_text("{}")
    return model


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_teacher_stands_beside_the_network_and_learns_nothing(teacher, precision):
    config = SMALL.changed(teachers=("tutor",), precision=precision)
    made = recipe.build_recipe(config, train_faces=1280)
    faces = np.random.default_rng(0).uniform(0, 255, (3, 48, 48, 1)).astype(np.float32)
    outputs = np.asarray(made.model(faces, training=False))
    assert outputs.shape == (3, 14)
    tolerance = 0.03 if precision == "bfloat16" else 1e-4
    assert np.allclose(outputs[:, :7], np.asarray(made.network(faces)), atol=tolerance)
    assert np.allclose(np.exp(outputs[:, 7:]), np.asarray(teacher(faces)["probabilities"]), atol=tolerance)
    own = {variable.path for variable in made.network.trainable_variables}
    assert {variable.path for variable in made.model.trainable_variables} == own


@pytest.mark.parametrize("average_mirrored", [False, True])
def test_a_teacher_in_mixed_precision_answers_as_it_did(average_mirrored):
    teacher = finish.inference_model(build_network(SMALL), average_mirrored=average_mirrored)
    faces = np.random.default_rng(0).uniform(0, 255, (5, 48, 48, 1)).astype(np.float32)
    lowered = recipe._in_mixed_precision(teacher)
    answers = (np.asarray(model(faces)["probabilities"]) for model in (teacher, lowered))
    assert np.allclose(*answers, atol=0.03)
    inner = next(layer for layer in lowered.layers if isinstance(layer, keras.Model))
    policies = {type(layer).__name__: layer.dtype_policy.name for layer in inner.layers}
    assert (policies["Conv2D"], policies["Dense"]) == ("mixed_bfloat16", "float32")


def test_a_run_can_start_from_a_model():
    config = PRESETS["small"].changed(start_from="small", teachers=(), precision="float32")
    network = recipe.build_recipe(config, train_faces=1280).network
    faces = generate(14, seed=0)[0]
    answers = finish.network_logits(network, faces).argmax(axis=1)
    model = keras.models.load_model(model_folder("small") / "model.keras", compile=False)
    expected = np.asarray(model(faces[..., None].astype(np.float32))["probabilities"]).argmax(axis=1)
    assert np.array_equal(answers, expected)


@pytest.mark.parametrize("changes", [{"widths": (8,)}, {"architecture": "classic"}])
def test_a_run_cannot_start_from_another_architecture(changes):
    config = PRESETS["small"].changed(start_from="small", precision="float32", **changes)
    with pytest.raises(ConfigError, match="has another architecture"):
        recipe.build_recipe(config, train_faces=1280)


def test_a_teacher_that_is_not_there():
    with pytest.raises(ModelError, match="There is no model 'professor'"):
        recipe.build_recipe(SMALL.changed(teachers=("professor",)), train_faces=1280)


def test_two_heads_learn_side_by_side_and_each_can_become_the_model(teacher):
    config = SMALL.changed(targets="both", start_from="tutor", warmup_epochs=0.0, learning_rate=0.01)
    made = recipe.build_recipe(config, train_faces=128)
    faces, labels = generate(14, seed=0)
    faces = faces[..., None].astype(np.float32)
    before = np.asarray(made.network(faces))
    assert np.array_equal(before[:, :7], before[:, 7:])  # both begin as the one they start from
    targets = np.concatenate([one_hot(labels), one_hot((labels + 1) % 7)], axis=1)
    made.model.fit(faces, targets, epochs=2, batch_size=14, verbose=0)
    both = np.asarray(made.network(faces))
    assert not np.allclose(both[:, :7], both[:, 7:])
    trained = build_network(config)
    trained.set_weights(made.network.get_weights())
    for answers, columns in (("votes", slice(7)), ("labels", slice(7, None))):
        single = one_head(trained, config.changed(answers=answers))
        assert np.allclose(single(faces), both[:, columns], atol=1e-4)


def test_the_accuracy_of_two_heads_is_their_mean():
    right, wrong = np.eye(7)[[0]], np.eye(7)[[1]]
    for answers, expected in ((right, 1.0), (wrong, 0.5)):
        said = np.concatenate([right, answers], axis=1)
        assert float(recipe._accuracy(np.tile(right, (1, 2)), said)[0]) == expected
