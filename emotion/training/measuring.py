"""What `inspection.py` cannot find out without Keras: a network's layers, and the pace of training it."""

import tempfile
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import psutil
from keras import layers

from emotion.dataset.face_dataset import FaceDataset
from emotion.faces import FACE_SIZE
from emotion.labels import EMOTIONS
from emotion.training import finish, inspection
from emotion.training.architectures import build_network
from emotion.training.batches import endless_batches
from emotion.training.config import RunConfig
from emotion.training.data import Part, one_hot
from emotion.training.pace import LayerRow, NetworkDescription, Pace
from emotion.training.precision import decide
from emotion.training.recipe import build_recipe, device_words, use_all_devices

# Batches before the clock starts, and the least number and time of those that count.
WARM_UP_BATCHES = 3
TIMED_BATCHES = 5
TIMED_SECONDS = 3.0
VALIDATION_FACES = 512


def describe(config: RunConfig) -> NetworkDescription:
    """Return the layers of the config's network, with what they cost for one face; known from then on."""
    known = inspection.known_description(config)
    if known is not None:
        return known
    network = build_network(config, heads=1)  # what becomes the model
    rows = tuple(
        LayerRow(
            name=layer.name,
            kind=type(layer).__name__,
            output_shape=tuple(int(side) for side in layer.output.shape[1:]),
            parameters=int(layer.count_params()),
            multiply_adds=multiply_adds(layer),
        )
        for layer in network.layers
    )
    description = NetworkDescription(rows, network.count_params(), sum(row.multiply_adds for row in rows))
    inspection.remember("describe", config, description)
    return description


def multiply_adds(layer: layers.Layer) -> int:
    """Return how many multiplications with an addition a layer needs for one face.

    Counted are convolutions and dense layers, which do nearly all of the work.
    """
    places = int(np.prod(layer.output.shape[1:-1]))
    if isinstance(layer, layers.SeparableConv2D):
        channels = layer.input.shape[-1]
        return places * channels * (int(np.prod(layer.kernel_size)) + layer.filters)
    if isinstance(layer, (layers.Conv2D, layers.Dense)):
        return places * int(np.prod(layer.kernel.shape))
    return 0


def measure(config: RunConfig) -> Pace:
    """Return how fast this machine trains the config's network; half a minute or so, known from then on.

    Trains it on noise for a few batches, and writes it as a model. Call it in a process of its own: the
    time until the first batch counts from the process's start.
    """
    known = inspection.known_pace(config)
    return known or _measure(config)


def _measure(config: RunConfig) -> Pace:
    use_all_devices()
    started = time.perf_counter() - (time.time() - psutil.Process().create_time())
    asked, before = config, time.perf_counter()
    config = decide(config)
    started += time.perf_counter() - before  # which comes once a machine, not once a run
    part = _noise(max(config.batch_size * 4, VALIDATION_FACES), config.heads)
    recipe = build_recipe(config, len(part))
    clock = _Clock()
    recipe.model.fit(
        endless_batches(part, config),
        steps_per_epoch=10_000,
        callbacks=[clock],
        shuffle=False,
        verbose=0,
    )
    faces = part.images[:VALIDATION_FACES, :, :, None].astype("float32")
    targets = part.targets[:VALIDATION_FACES]
    recipe.model.evaluate(faces, targets, batch_size=256, verbose=0)  # compiles
    before = time.perf_counter()
    recipe.model.evaluate(faces, targets, batch_size=256, verbose=0)
    validation = (time.perf_counter() - before) / VALIDATION_FACES
    per_batch = float(np.median(np.diff(clock.times[WARM_UP_BATCHES:])))
    pace = Pace(
        seconds_per_batch=per_batch,
        seconds_per_validation_face=validation,
        startup_seconds=clock.times[0] - started,
        finish_seconds=_write(config, recipe.network),
        images_per_second=config.batch_size / per_batch,
        device=device_words(),
        precision=config.precision,
        measured_at=time.time(),
    )
    inspection.remember("measure", asked, pace)
    return pace


class _Clock(keras.callbacks.Callback):
    """Notes when each batch was done, and ends the training when there are enough."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self.times.append(time.perf_counter())
        timed = self.times[WARM_UP_BATCHES:]
        if len(timed) > TIMED_BATCHES and timed[-1] - timed[0] > TIMED_SECONDS:
            self.model.stop_training = True


def _noise(count: int, heads: int) -> Part:
    generator = np.random.default_rng(0)
    images = generator.integers(0, 256, (count, FACE_SIZE, FACE_SIZE), dtype=np.uint8)
    labels = np.arange(count) % len(EMOTIONS)
    faces = FaceDataset(images, labels, np.full(count, "train"), np.full(count, "noise"))
    return Part(faces, np.tile(one_hot(labels), (1, heads)), np.arange(count))


def _write(config: RunConfig, network: keras.Model) -> float:
    """Return the seconds that it takes to write the network as a model."""
    before = time.perf_counter()
    keras.config.set_dtype_policy("float32")
    copy = build_network(config)
    copy.set_weights(network.get_weights())
    with tempfile.TemporaryDirectory() as folder:
        finish.write_model_files(
            finish.inference_model(copy, average_mirrored=config.average_mirrored), Path(folder)
        )
    return time.perf_counter() - before
