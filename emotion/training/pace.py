"""What is known of a network before it is trained: its layers, and how fast this machine trains it."""

from dataclasses import dataclass

from emotion.training.config import RunConfig


@dataclass(frozen=True)
class LayerRow:
    """One layer of a network.

    Attributes:
        name: of the layer.
        kind: its Keras class, as "Conv2D".
        output_shape: without the batch, as (48, 48, 32).
        parameters: how many numbers it has learned or keeps.
        multiply_adds: multiplications with an addition, for one face; 0 for layers with next to none.
    """

    name: str
    kind: str
    output_shape: tuple[int, ...]
    parameters: int
    multiply_adds: int


@dataclass(frozen=True)
class NetworkDescription:
    """A network, layer by layer, and its totals."""

    layers: tuple[LayerRow, ...]
    parameters: int
    multiply_adds: int


@dataclass(frozen=True)
class PrecisionTrial:
    """How long a step of training took in each precision, in seconds; medians.

    Attributes:
        float32: of a step in float32.
        bfloat16: of one in bfloat16.
    """

    float32: float
    bfloat16: float

    @property
    def faster(self) -> str:
        """The precision to compute in; float32, which is exact, where both are alike."""
        return "bfloat16" if self.bfloat16 < 0.95 * self.float32 else "float32"

    @property
    def in_words(self) -> str:
        """What was found, as a log says it."""
        return (
            f"Computing in {self.faster}: here, a step takes {1000 * self.float32:.0f} ms in float32 and "
            f"{1000 * self.bfloat16:.0f} ms in bfloat16."
        )


@dataclass(frozen=True)
class Pace:
    """How fast this machine trains a network, as a few batches showed.

    Attributes:
        seconds_per_batch: one step of training, with reading and augmentation.
        seconds_per_validation_face: one face of the validation.
        startup_seconds: until the first batch is done: loading the backend, compiling.
        finish_seconds: writing the model at the end.
        images_per_second: in training.
        device: "CPU", "1 GPU" ...
        precision: "float32" or "bfloat16".
        measured_at: Unix seconds.
    """

    seconds_per_batch: float
    seconds_per_validation_face: float
    startup_seconds: float
    finish_seconds: float
    images_per_second: float
    device: str
    precision: str
    measured_at: float


@dataclass(frozen=True)
class Estimate:
    """How long a run will take, in seconds."""

    seconds_per_epoch: float
    seconds: float


def estimate(pace: Pace, config: RunConfig, train_faces: int, validation_faces: int) -> Estimate:
    """Return how long a run would take at a measured pace.

    Args:
        pace: of the config's network on this machine.
        config: of the run.
        train_faces: how many faces it learns from.
        validation_faces: how many it is validated on after each epoch.
    """
    batches = max(1, train_faces // config.batch_size)
    epoch = batches * pace.seconds_per_batch + validation_faces * pace.seconds_per_validation_face
    return Estimate(epoch, pace.startup_seconds + config.epochs * epoch + pace.finish_seconds)
