"""In which numbers a run computes: those with which this machine trains its network faster.

bfloat16 halves what is moved and, on processors with units for it (Intel's AMX), more than doubles the
pace; without them it is emulated, up to fourteen times slower than float32. No table of processors says
where that turns, so a few steps of the real network are timed both ways, once a machine.
"""

import statistics
import time
from collections.abc import Callable

import keras
import numpy as np

from emotion.faces import FACE_SIZE
from emotion.labels import EMOTIONS
from emotion.training import inspection
from emotion.training.architectures import build_network
from emotion.training.config import RunConfig
from emotion.training.normalization import with_fast_normalization
from emotion.training.pace import PrecisionTrial

# Keras's name of the policy for each value of the setting but "auto".
POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16"}
# Few, as a step in emulated bfloat16 cannot be cut short: these take some three seconds at worst.
TRIAL_FACES = 16
TRIAL_STEPS = 5
# A way that is so much slower in its first step has lost, and is not timed any further.
HOPELESS = 2.0


def decide(config: RunConfig, say: Callable[[str], None] = lambda text: None) -> RunConfig:
    """Return the config with its precision decided, "float32" or "bfloat16"; told why where it was open.

    Args:
        config: of the run; a precision other than "auto" stays.
        say: called with a sentence for the log.
    """
    if config.precision != "auto":
        return config
    trial = inspection.known_trial(config)
    if trial is None:
        say("Finding out in which precision this machine trains faster …")
        trial = PrecisionTrial(*compare(config))
        inspection.remember("precision", config, trial)
    say(trial.in_words)
    return config.changed(precision=trial.faster)


def compare(config: RunConfig) -> tuple[float, float]:
    """Return the seconds that a step of the config's network takes in float32, and in bfloat16."""
    exact = _step_seconds(config, "float32")
    return exact, _step_seconds(config, "bfloat16", HOPELESS * exact)


def _step_seconds(config: RunConfig, precision: str, limit: float = float("inf")) -> float:
    """Return the median time of a step; of the first one alone if that takes longer than the limit."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(POLICIES[precision])
    try:
        network = with_fast_normalization(build_network(config))
        network.compile(
            optimizer=keras.optimizers.SGD(1e-4),
            loss=keras.losses.CategoricalCrossentropy(from_logits=True),
            jit_compile=keras.backend.backend() == "jax",
        )
    finally:
        keras.config.set_dtype_policy(before)
    generator = np.random.default_rng(0)
    faces = generator.uniform(0, 255, (TRIAL_FACES, FACE_SIZE, FACE_SIZE, 1)).astype("float32")
    targets = np.eye(network.output.shape[-1], dtype="float32")[np.arange(TRIAL_FACES) % len(EMOTIONS)]
    network.train_on_batch(faces, targets)  # compiles
    times: list[float] = []
    while len(times) < TRIAL_STEPS and not (times and times[0] > limit):
        started = time.perf_counter()
        network.train_on_batch(faces, targets)
        times.append(time.perf_counter() - started)
    return statistics.median(times)
