"""How many milliseconds a model takes for one face on this machine, beside the shipped one."""

import json
import os
import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from emotion.evaluation import cache
from emotion.faces import FACE_SIZE
from emotion.models.card import ModelError
from emotion.models.classifier import Classifier
from emotion.models.registry import DEFAULT_MODEL, model_folder, model_version

ROUNDS = 40
_WARM_UP = 5


@dataclass(frozen=True)
class Timing:
    """The medians of many predictions of one face with one thread, in milliseconds.

    Attributes:
        milliseconds: the model's.
        baseline: of `registry.DEFAULT_MODEL`, measured in turn with it.
        machine: where this was measured.
    """

    milliseconds: float
    baseline: float
    machine: str


def known_timing(name: str) -> Timing | None:
    """Return the speed of a model on this machine, if it has been measured.

    Raises:
        ModelError: there is no such model.
    """
    timing = cache.load(cache.timing_path(model_version(name)), lambda content: Timing(**content))
    return timing if timing is not None and timing.machine == _machine() else None


def measure_timing(name: str) -> Timing:
    """Measure the speed of a model, in turn with the shipped one, and keep it; about 0.3 seconds.

    Raises:
        ModelError: there is no such model, or it cannot be used.
    """
    model = Classifier(model_folder(name))
    try:
        baseline = Classifier(model_folder(DEFAULT_MODEL))
    except ModelError:
        baseline = model  # somebody has taken the shipped one away
    medians = _medians([model.predict, baseline.predict])
    timing = Timing(round(medians[0], 3), round(medians[1], 3), _machine())
    cache.save_json(cache.timing_path(model.version), asdict(timing))
    return timing


def _medians(predict: list[Callable[..., Any]]) -> list[float]:
    """Return the median milliseconds of each, called in turn: what disturbs one disturbs the other."""
    face = np.random.default_rng(0).integers(0, 256, (1, FACE_SIZE, FACE_SIZE)).astype(np.uint8)
    times: list[list[float]] = [[] for _ in predict]
    for _ in range(ROUNDS + _WARM_UP):
        for number, call in enumerate(predict):
            started = time.perf_counter()
            call(face)
            times[number].append(1000 * (time.perf_counter() - started))
    return [float(np.median(values[_WARM_UP:])) for values in times]


def _machine() -> str:
    return json.dumps([platform.node(), platform.machine(), platform.processor(), os.cpu_count()])
