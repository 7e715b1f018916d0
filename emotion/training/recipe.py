"""From a config to a compiled Keras model: network, augmentation, optimiser, schedule, loss."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from emotion.labels import EMOTIONS
from emotion.models.registry import model_folder
from emotion.training.architectures import build_network
from emotion.training.augmentation import build_augmentation
from emotion.training.config import ConfigError, RunConfig
from emotion.training.normalization import with_fast_normalization
from emotion.training.precision import POLICIES

# Keeps the logarithm of a teacher's probability finite.
_EPSILON = 1e-7


@dataclass(frozen=True)
class Recipe:
    """What `model.fit` needs.

    Attributes:
        network: faces to logits, what the run is for.
        model: compiled; the network behind the augmentation, and beside its teachers if it has any.
        steps: batches an epoch.
    """

    network: keras.Model
    model: keras.Model
    steps: int


def build_recipe(config: RunConfig, train_faces: int) -> Recipe:
    """Build and compile what the config describes.

    Args:
        config: of the run, its precision decided (see `precision.decide`).
        train_faces: how many faces there are to learn from.

    Raises:
        ConfigError: the model to start from has another architecture.
        ModelError: there is no such teacher, or model to start from.
    """
    keras.config.set_dtype_policy(POLICIES[config.precision])
    network = with_fast_normalization(build_network(config))
    if config.start_from:
        _take_weights(network, config.start_from, config.heads)
    augmented = build_augmentation(config.augmentation, config.seed)(network.input)
    outputs = network(augmented)
    if config.teachers and not config.asks_teachers_once:
        answers = _teach(config.teachers, augmented, config.precision)
        outputs = layers.Concatenate(dtype="float32")([outputs, answers])
    model = keras.Model(network.input, outputs, name="training")
    steps = max(1, train_faces // config.batch_size)
    model.compile(
        optimizer=_optimizer(config, steps),
        loss=_loss(config),
        metrics=[keras.metrics.MeanMetricWrapper(_accuracy, name="accuracy")],
        jit_compile=keras.backend.backend() == "jax",  # on a CPU, it makes TensorFlow slower
    )
    return Recipe(network, model, steps)


def learning_rate_schedule(config: RunConfig, steps: int) -> keras.optimizers.schedules.LearningRateSchedule:
    """Return the learning rate over all steps of the run.

    Args:
        config: of the run.
        steps: batches an epoch.
    """
    total = config.epochs * steps
    warmup = round(min(config.warmup_epochs, config.epochs / 2) * steps)
    peak = config.learning_rate
    if config.schedule == "step":
        # With a first step of its own in place of the slope, as Keras has no slope before steps.
        first, rate = ([warmup], [peak / 10]) if warmup else ([], [])
        return keras.optimizers.schedules.PiecewiseConstantDecay(
            [*first, max(total // 2, warmup + 1), max(total * 3 // 4, warmup + 2)],
            [*rate, peak, peak / 10, peak / 100],
        )
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0 if warmup else peak,
        decay_steps=max(1, total - warmup),
        alpha=1.0 if config.schedule == "constant" else 0.0,  # what is left at the end
        warmup_target=peak if warmup else None,
        warmup_steps=warmup,
    )


def _optimizer(config: RunConfig, steps: int) -> keras.optimizers.Optimizer:
    common = {
        "learning_rate": learning_rate_schedule(config, steps),
        "weight_decay": config.weight_decay or None,
        "use_ema": config.ema_momentum > 0,
        "ema_momentum": config.ema_momentum or 0.99,
    }
    if config.optimizer == "sgd":
        optimizer = keras.optimizers.SGD(momentum=config.momentum, nesterov=True, **common)
    else:
        kind = {"adam": keras.optimizers.Adam, "adamw": keras.optimizers.AdamW}[config.optimizer]
        optimizer = kind(**common)
    # Decay is for the kernels; on biases and on batch normalisation it only does harm.
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimizer


def _loss(config: RunConfig) -> keras.losses.Loss:
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=config.label_smoothing)
    if config.heads == 2:
        return TwoHeadLoss(loss)
    if not config.teachers or config.asks_teachers_once:
        return loss
    return DistillationLoss(loss, config.teacher_share, config.teacher_temperature)


class TwoHeadLoss(keras.losses.Loss):
    """The mean of one loss over two heads, of which each answers the same faces in its own terms.

    Args:
        loss: of targets (n, 7) and logits (n, 7).
    """

    def __init__(self, loss: keras.losses.Loss) -> None:
        super().__init__(name="two_heads")
        self.loss = loss

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of each face; both (n, 14): of the votes' head, then of the labels'."""
        pairs = zip(ops.split(y_true, 2, axis=-1), ops.split(y_pred, 2, axis=-1), strict=True)
        return sum(self.loss.call(*pair) for pair in pairs) / 2


class DistillationLoss(keras.losses.Loss):
    """The loss of the targets, and how far the network's softened answer is from its teachers'.

    Hinton et al. 2015, "Distilling the Knowledge in a Neural Network": a teacher's answer says more
    than a label, namely what else a face could be.

    Args:
        loss: of targets (n, 7) and logits (n, 7).
        share: of the teachers in the whole loss, 0 to 1.
        temperature: divides both sides' logits; the gradient is scaled back by its square.
    """

    def __init__(self, loss: keras.losses.Loss, share: float, temperature: float) -> None:
        super().__init__(name="distillation")
        self.loss, self.share, self.temperature = loss, share, temperature

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of each face; `y_pred` (n, 14) is logits beside the teachers' log-probabilities."""
        count = len(EMOTIONS)
        logits, teachers = y_pred[:, :count], y_pred[:, count:]
        softened = ops.softmax(teachers / self.temperature)
        distance = ops.categorical_crossentropy(softened, logits / self.temperature, from_logits=True)
        return (1 - self.share) * self.loss.call(y_true, logits) + self.share * self.temperature**2 * distance


def _take_weights(network: keras.Model, name: str, heads: int) -> None:
    """Give the network the weights of a model of the same architecture."""
    source = _load_model(name)
    inner = next((layer for layer in source.layers if isinstance(layer, keras.Model)), source)
    try:
        # Up to the logits: what the model has beside them, for its maps, is not the network's.
        weights = keras.Model(inner.input, inner.get_layer("logits").output).get_weights()
        *trunk, kernel, bias = weights
        network.set_weights([*trunk, np.tile(kernel, (1, heads)), np.tile(bias, heads)])
    except ValueError as error:
        raise ConfigError(
            f"The model {name!r} has another architecture, so nothing can start from it."
        ) from error


def _load_model(name: str) -> keras.Model:
    file = model_folder(name) / "model.keras"
    if not file.is_file():
        raise ConfigError(f"The model {name!r} has no Keras file: it can neither teach nor be started from.")
    return keras.models.load_model(file, compile=False, safe_mode=True)


def _teach(names: tuple[str, ...], faces: keras.KerasTensor, precision: str) -> keras.KerasTensor:
    """Return the log of the teachers' mean probabilities for the same, augmented faces."""
    answers = []
    for name in names:
        teacher = _load_model(name)
        if precision == "bfloat16":
            teacher = _in_mixed_precision(teacher)
        teacher.trainable = False
        teacher.name = f"teacher_{name}"
        answers.append(teacher(faces, training=False)["probabilities"])
    mean = layers.Average()(answers) if len(answers) > 1 else answers[0]
    return layers.Lambda(lambda p: ops.log(p + _EPSILON), dtype="float32", name="teachers")(mean)


def _in_mixed_precision(model: keras.Model) -> keras.Model:
    """Return a copy that computes in bfloat16 what a network in training does: a third less time to teach."""
    exact = (keras.Model, layers.InputLayer, layers.LayerNormalization, layers.Dense, layers.Softmax)

    def lower(part: keras.Operation) -> keras.Operation:
        # Where a face is mirrored and averaged, there are bare operations among the layers.
        is_lowered = isinstance(part, layers.Layer) and not isinstance(part, exact)
        changes = {"dtype": "mixed_bfloat16"} if is_lowered else {}
        return type(part).from_config(part.get_config() | changes)

    copy = keras.models.clone_model(model, clone_function=lower, recursive=True)
    copy.set_weights(model.get_weights())
    return copy


def _accuracy(y_true: Any, y_pred: Any) -> Any:
    """Return 1 where the network's answer is the target's likeliest emotion; of two heads, the mean."""
    heads = y_true.shape[-1] // len(EMOTIONS)
    y_pred = y_pred[:, : y_true.shape[-1]]  # a teacher's answers stand behind
    pairs = zip(ops.split(y_true, heads, axis=-1), ops.split(y_pred, heads, axis=-1), strict=True)
    right = [ops.equal(ops.argmax(true, axis=-1), ops.argmax(answer, axis=-1)) for true, answer in pairs]
    return ops.mean(ops.cast(ops.stack(right), "float32"), axis=0)


def device_words() -> str:
    """Say in words what a run computes on: "CPU", "1 GPU", "2 GPUs" ..."""
    count = len(keras.distribution.list_devices("gpu"))
    return f"{count} GPU{'s' * (count > 1)}" if count else "CPU"


def use_all_devices() -> None:
    """Spread each batch over all GPUs, where there are several and the backend can: that is JAX.

    Keras's own distribution does not support TensorFlow; there, one GPU is used.
    """
    if keras.backend.backend() == "jax" and len(keras.distribution.list_devices("gpu")) > 1:
        keras.distribution.set_distribution(keras.distribution.DataParallel())
