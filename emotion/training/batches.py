"""Endless shuffled batches of faces, with classes balanced and faces mixed as the config says."""

from collections.abc import Iterator

import numpy as np

from emotion.dataset.statistics import class_weights
from emotion.training.config import RunConfig
from emotion.training.data import Part

Batch = tuple[np.ndarray, np.ndarray, np.ndarray]


def endless_batches(part: Part, config: RunConfig, first_epoch: int = 0) -> Iterator[Batch]:
    """Yield batch after batch, epoch after epoch, without end; a last, smaller batch is left out.

    One iterator serves all epochs: TensorFlow's tear-down of an iterator can wait for as long again
    as the iterator has lived. What is drawn depends on the seed and the epoch alone, so a resumed
    run goes on exactly as an uninterrupted one.

    Args:
        part: the faces to learn from, at least a batch of them.
        config: its batch size, seed, class balance, mixup and cutmix count.
        first_epoch: where a resumed run goes on.

    Yields:
        Faces float32 (n, 48, 48, 1) from 0 to 255, targets float32 (n, 7), and weights float32 (n,)
        with a mean of about 1.
    """
    weights = face_weights(part.labels) if config.class_balance == "weights" else np.ones(len(part))
    weights = weights.astype(np.float32)
    size = min(config.batch_size, len(part))
    epoch = first_epoch
    while True:
        generator = np.random.default_rng((config.seed, epoch))
        order = _order(part.labels, config.class_balance, generator)
        for start in range(0, len(order) - size + 1, size):
            rows = np.sort(order[start : start + size])  # sorted reads are kinder to a memory map
            faces = part.images[rows, :, :, None].astype(np.float32)
            yield mix((faces, part.targets[rows], weights[rows]), config.mixup, config.cutmix, generator)
        epoch += 1


def face_weights(labels: np.ndarray) -> np.ndarray:
    """Return, (n,), how much each face counts so that every class counts alike; the mean is 1."""
    of_class = class_weights(labels)
    return np.array([of_class[label] for label in labels.tolist()])


def _order(labels: np.ndarray, class_balance: str, generator: np.random.Generator) -> np.ndarray:
    if class_balance != "sampling":
        return generator.permutation(len(labels))
    # Each class as often as any other: faces of rare ones come up several times an epoch.
    shares = face_weights(labels)
    return generator.choice(len(labels), len(labels), p=shares / shares.sum())


def mix(batch: Batch, mixup: float, cutmix: float, generator: np.random.Generator) -> Batch:
    """Blend each face with another one of the batch, or take a rectangle from it, targets alike.

    mixup: Zhang et al. 2018, "mixup: Beyond Empirical Risk Minimization", each pair with a share of
    its own. CutMix: Yun et al. 2019, "CutMix: Regularization Strategy to Train Strong Classifiers".
    With both, each batch gets one of them. NumPy on the way to the network, not `keras.layers.MixUp`
    and `CutMix`: their random state is not part of a checkpoint, and a resumed run must draw the same
    numbers.

    Args:
        batch: faces (n, height, width, 1), targets (n, 7), weights (n,).
        mixup: alpha of the Beta distribution of the shares; 0 turns it off.
        cutmix: the same, of the rectangle's area.
        generator: of the randomness.
    """
    faces, targets, weights = batch
    if not mixup and not cutmix:
        return batch
    use_cutmix = bool(cutmix) and (not mixup or generator.random() < 0.5)
    others = generator.permutation(len(faces))
    if use_cutmix:
        rectangle, share = _rectangle(faces.shape[1:3], generator.beta(cutmix, cutmix), generator)
        mixed = faces.copy()
        mixed[:, *rectangle] = faces[others][:, *rectangle]
        shares = np.full(len(faces), 1 - share, np.float32)
    else:
        shares = generator.beta(mixup, mixup, len(faces)).astype(np.float32)
        mixed = _blend(faces, others, shares[:, None, None, None])
    return (
        mixed,
        _blend(targets, others, shares[:, None]),
        _blend(weights, others, shares),
    )


def _blend(values: np.ndarray, others: np.ndarray, shares: np.ndarray) -> np.ndarray:
    return values * shares + values[others] * (1 - shares)


def _rectangle(
    shape: tuple[int, ...], kept: float, generator: np.random.Generator
) -> tuple[tuple[slice, slice], float]:
    """Return a rectangle that leaves about the share `kept`, and the share it really covers."""
    sides = [round(side * np.sqrt(1 - kept)) for side in shape]
    centers = [int(generator.integers(side)) for side in shape]
    slices = [
        slice(max(0, center - length // 2), min(side, center - length // 2 + length))
        for side, center, length in zip(shape, centers, sides, strict=True)
    ]
    covered = np.prod([part.stop - part.start for part in slices]) / np.prod(shape)
    return (slices[0], slices[1]), float(covered)
