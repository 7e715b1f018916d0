"""From trained weights to a model folder: calibrated Keras file, LiteRT file, card."""

import shutil
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from emotion.evaluation.metrics import evaluate_probabilities
from emotion.evaluation.report import Report
from emotion.exchange.conversion import write_litert
from emotion.faces import FACE_SIZE
from emotion.files import write_arrays, write_json
from emotion.labels import EMOTIONS
from emotion.models.card import CARD, CARD_VERSION, KERAS_FILE, LITERT_FILE, WITHOUT_COPIES
from emotion.training.architectures import apply_head
from emotion.training.calibration import Calibration
from emotion.training.config import RunConfig
from emotion.training.data import Part, TrainingData


def network_logits(
    network: keras.Model, images: np.ndarray, average_mirrored: bool = False, batch_size: int = 256
) -> np.ndarray:
    """Return the logits float32 (n, 7) of uint8 images (n, 48, 48), as `inference_model` makes them."""

    def logits(part: np.ndarray) -> np.ndarray:
        return ops.convert_to_numpy(network(part[..., None].astype("float32")))

    batches = []
    for start in range(0, len(images), batch_size):
        part = images[start : start + batch_size]
        batches.append((logits(part) + logits(part[:, :, ::-1])) / 2 if average_mirrored else logits(part))
    return np.concatenate(batches)


def inference_model(
    network: keras.Model, calibration: Calibration | None = None, average_mirrored: bool = False
) -> keras.Model:
    """Turn a trained network into the model that ships, with its calibration folded in.

    The result maps float32 (n, 48, 48, 1), 0 to 255, to `probabilities` (n, 7) and to
    `activation_maps` (n, height, width, 7). As the network ends in average pooling and dense layers,
    a class's map is what these say at each place (Zhou et al. 2016); with a single dense layer, the
    average of a map is the class's logit.

    Args:
        network: as `architectures.build_network` makes it; its last layer is changed.
        calibration: of the logits; None leaves them as they are.
        average_mirrored: average the logits, and the maps, of each face and its mirror image.
    """
    if calibration is not None:
        logits_layer = network.get_layer("logits")
        logits_layer.set_weights(calibration.fold(*logits_layer.get_weights()))
    maps = apply_head(network, network.get_layer("features").output)
    both = keras.Model(network.input, [network.output, maps], name=network.name)

    faces = keras.Input(network.input.shape[1:], name="face")
    if average_mirrored:
        # One pass over faces and mirror images, so that the weights stand in the file once.
        logits, maps = both(ops.concatenate([faces, ops.flip(faces, axis=2)], axis=0))
        logits = ops.mean(ops.reshape(logits, (2, -1, len(EMOTIONS))), axis=0)
        maps = ops.reshape(maps, (2, -1, *maps.shape[1:]))
        maps = (maps[0] + ops.flip(maps[1], axis=2)) / 2
    else:
        logits, maps = both(faces)
    outputs = {
        "probabilities": layers.Softmax(name="probabilities")(logits),
        "activation_maps": layers.Identity(name="activation_maps")(maps),
    }
    return keras.Model(faces, outputs, name=f"{network.name}_for_inference")


def write_model_files(model: keras.Model, folder: Path) -> None:
    """Write `model.keras` and `model.tflite` into an existing folder.

    The LiteRT file is dynamic-range quantised: weights of 8 bits, a quarter of the size, and several
    times faster (`python benchmarks/quantization.py` shows by how much, and what it costs).
    """
    model.save(folder / KERAS_FILE)
    write_litert(model, folder / LITERT_FILE, quantised=True)


def dataset_facts(data: TrainingData, source: str) -> dict[str, Any]:
    """Return what a card says about the faces: how many, and what was done to them."""

    def counts(part: Part | None) -> dict[str, Any] | None:
        return None if part is None else {"faces": len(part), "classes": part.faces.class_counts()}

    return {
        "name": Path(source).name,
        "fingerprint": data.fingerprint,
        "train": counts(data.train),
        "validation": counts(data.validation),
        "test": counts(data.test),
        "train_copies_of_test_faces_dropped": data.dropped,
        "train_copies_of_validation_faces_dropped": data.dropped_for_validation,
        "validation_copies_of_test_faces_dropped": data.dropped_validation,
        "faces_without_a_clear_emotion_dropped": data.unclear,
    }


def build_card(
    config: RunConfig, model: keras.Model, data: TrainingData, calibration: Calibration, best_epoch: int
) -> dict[str, Any]:
    """Return the card of a model: what it is, trained on what; `write_model` adds how good it is."""
    settings = asdict(config)
    # The path on somebody's disk is nobody else's business.
    settings["dataset"] = Path(config.dataset).name
    return {
        "card_version": CARD_VERSION,
        "name": config.name,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "labels": list(EMOTIONS),
        "input": {"shape": [FACE_SIZE, FACE_SIZE, 1], "dtype": "float32", "range": [0, 255]},
        "architecture": config.architecture,
        "parameters": int(sum(np.prod(weight.shape) for weight in model.trainable_weights)),
        "temperature": calibration.temperature,
        "calibration": {
            "class_weights": calibration.weights.tolist(),
            "sharpness": calibration.sharpness,
            "class_shares": calibration.shares.tolist(),
        },
        "best_epoch": best_epoch,
        "dataset": dataset_facts(data, config.dataset),
        "metrics": {},
        "config": settings,
        "versions": {"keras": version("keras"), "backend": keras.backend.backend()},
    }


def write_model(run: Path, model: keras.Model, card: dict[str, Any], data: TrainingData) -> dict[str, Report]:
    """Write `model/` and `predictions.npz` into a run's folder, and measure the file that ships.

    It is the LiteRT file that is measured, not the network it came from. `predictions.npz` has of
    each measured split the arrays `<split>_indices` int64 (n,), rows of the dataset,
    `<split>_labels` int64 (n,) and `<split>_probabilities` float32 (n, 7).

    The card also says how good the model is on the test faces that have no copy in the dataset's training
    split. The training left those copies out, but other models may know them.

    Returns:
        The figures of "validation" and, where there is one, "test".
    """
    from emotion.models.classifier import Classifier

    partial, folder = run / ".partial-model", run / "model"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    write_model_files(model, partial)
    write_json(partial / CARD, card)
    classifier = Classifier(partial)
    arrays: dict[str, np.ndarray] = {}
    metrics = {}
    for split, part in data.parts().items():
        probabilities = classifier.predict(part.images).probabilities
        metrics[split] = evaluate_probabilities(probabilities, part.labels)
        arrays |= {
            f"{split}_indices": part.rows,
            f"{split}_labels": part.labels,
            f"{split}_probabilities": probabilities,
        }
    on_card = metrics | _without_copies(data, arrays)
    measured = {split: found.figures() for split, found in on_card.items()}
    write_json(partial / CARD, card | {"metrics": measured})
    write_arrays(run / "predictions.npz", arrays)
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
    return metrics


def _without_copies(data: TrainingData, arrays: dict[str, np.ndarray]) -> dict[str, Report]:
    """Return the figures of the test faces that have no copy; nothing where they are all, or none."""
    kept = ~data.test_copies
    if kept.all() or not kept.any():
        return {}
    found = evaluate_probabilities(arrays["test_probabilities"][kept], arrays["test_labels"][kept])
    return {WITHOUT_COPIES: found}
