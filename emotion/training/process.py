"""The training itself: from a run's folder and its config to a model, resumable at every epoch.

A run is a folder: `config.json` (what to do), `metrics.jsonl` (one line an epoch), `checkpoints/`
(the newest state), `best.weights.h5` (of the network alone), `curves.html`.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import keras

from emotion import paths
from emotion.evaluation import Evaluation, evaluate_classifier
from emotion.training import callbacks, export
from emotion.training.architectures import build_network
from emotion.training.augmentation import build_augmentation
from emotion.training.config import RunConfig, load_config
from emotion.training.data import TrainingData, endless_batches, load_dataset, one_hot, prepare
from emotion.training.metrics import read_metrics
from emotion.training.runs import save_curves


@dataclass(frozen=True)
class TrainingResult:
    """What a run came to.

    Attributes:
        model_folder: where the model was registered; None for a run that was stopped.
        metrics: figures of the shipped file, for "validation" and, where there is one, "test".
        epochs: how many epochs are done.
    """

    model_folder: Path | None
    metrics: dict[str, Evaluation]
    epochs: int


def train(
    run: Path,
    on_message: Callable[[str], None] = lambda message: None,
    on_record: Callable[[dict], None] | None = None,
    replace_model: bool = False,
) -> TrainingResult:
    """Train what `run/config.json` describes, from the newest checkpoint if there is one.

    Args:
        run: the run's folder.
        on_message: told, in a sentence, what is being done.
        on_record: given the record of each finished epoch.
        replace_model: let the result take the place of a model of the same name.

    Raises:
        ConfigError, DatasetError, TrainingError: with a sentence for a person.
    """
    config = load_config(run / "config.json")
    on_message(f"Reading the faces of {Path(config.dataset).name} …")
    data = prepare(load_dataset(config), config.validation_share, config.seed)
    on_message(
        f"{len(data.train):,} faces to train on, {len(data.validation):,} for validation"
        + (f", {len(data.test):,} for the test" if data.test else "")
        + (f" ({data.dropped} training faces left out: the test has the same pictures)" * bool(data.dropped))
        + "."
    )
    stopped = _fit(run, config, data, on_record)
    records = read_metrics(run / "metrics.jsonl")
    save_curves(run)
    if stopped:
        return TrainingResult(None, {}, len(records))
    on_message("Writing the model and measuring it …")
    folder, metrics = _export(run, config, data, records, replace_model)
    return TrainingResult(folder, metrics, len(records))


def _fit(run: Path, config: RunConfig, data: TrainingData, on_record: Callable[[dict], None] | None) -> bool:
    """Run the epochs that are left; return whether a signal stopped them."""
    keras.utils.set_random_seed(config.seed)
    network, model, steps = _build(config, data)
    first_epoch, best = 0, -1.0
    checkpoint = callbacks.newest_checkpoint(run / "checkpoints")
    if checkpoint:
        path, first_epoch = checkpoint
        model.optimizer.build(model.trainable_variables)
        model.load_weights(path)
        records = read_metrics(run / "metrics.jsonl")[:first_epoch]
        best = max((record["val_accuracy"] for record in records), default=-1.0)
    stop = callbacks.StopOnSignal()
    parts: list[keras.callbacks.Callback] = [
        stop,
        callbacks.SeedEachEpoch(config.seed),
        callbacks.StopOnDivergence(),
        callbacks.BestWeights(network, run / "best.weights.h5", best),
    ]
    if config.ema_momentum:
        parts.append(keras.callbacks.SwapEMAWeights())
    parts += [
        callbacks.MetricsLog(run / "metrics.jsonl", stop, first_epoch, on_record),
        callbacks.Checkpoint(run / "checkpoints", stop),
        keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: save_curves(run)),
    ]
    if first_epoch < config.epochs:
        model.fit(
            endless_batches(
                data.train.images, one_hot(data.train.labels), config.batch_size, config.seed, first_epoch
            ),
            steps_per_epoch=steps,
            initial_epoch=first_epoch,
            epochs=config.epochs,
            validation_data=(
                data.validation.images[..., None].astype("float32"),
                one_hot(data.validation.labels),
            ),
            validation_batch_size=256,
            callbacks=parts,
            verbose=0,
        )
    return stop.asked


def _build(config: RunConfig, data: TrainingData) -> tuple[keras.Model, keras.Model, int]:
    """Return the network, the compiled model around it, and the steps of an epoch."""
    keras.config.set_dtype_policy("mixed_bfloat16" if config.mixed_precision else "float32")
    network = build_network(config)
    augmentation = build_augmentation(config.augmentation, config.seed)
    model = keras.Model(network.input, network(augmentation(network.input)), name="training")
    steps = max(1, len(data.train) // config.batch_size)
    warmup_steps = round(min(config.warmup_epochs, config.epochs / 2) * steps)
    optimizer = keras.optimizers.SGD(
        learning_rate=keras.optimizers.schedules.CosineDecay(
            initial_learning_rate=0.0 if warmup_steps else config.learning_rate,
            decay_steps=max(1, config.epochs * steps - warmup_steps),
            warmup_target=config.learning_rate if warmup_steps else None,
            warmup_steps=warmup_steps,
        ),
        momentum=config.momentum,
        nesterov=True,
        weight_decay=config.weight_decay,
        use_ema=config.ema_momentum > 0,
        ema_momentum=config.ema_momentum or 0.99,
    )
    # Decay is for the kernels; on biases and on batch normalisation it only does harm.
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    model.compile(
        optimizer=optimizer,
        loss=keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=config.label_smoothing),
        metrics=["accuracy"],
        jit_compile=keras.backend.backend() == "jax",  # on a CPU, it makes TensorFlow slower
    )
    return network, model, steps


def _export(
    run: Path, config: RunConfig, data: TrainingData, records: list[dict], replace_model: bool
) -> tuple[Path, dict[str, Evaluation]]:
    """Write the model folder from the best weights, measure its LiteRT file, publish it."""
    keras.config.set_dtype_policy("float32")
    network = build_network(config)
    network.load_weights(run / "best.weights.h5")
    temperature = export.fit_temperature(
        export.network_logits(network, data.validation.images, config.average_mirrored),
        data.validation.labels,
    )
    model = export.inference_model(network, temperature, config.average_mirrored)
    best_epoch = max(records, key=lambda record: record["val_accuracy"])["epoch"]
    models = paths.models_folder()
    partial = models / f".partial-{run.name}"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    export.write_model_files(model, partial)
    card = export.build_card(config, model, data, temperature, {}, best_epoch)
    _write_card(partial, card)
    metrics = _measure(partial, data)
    _write_card(partial, export.build_card(config, model, data, temperature, metrics, best_epoch))
    return export.publish(partial, models, config.name, replace_model), metrics


def _measure(folder: Path, data: TrainingData) -> dict[str, Evaluation]:
    """Measure the file that ships, not the network it came from."""
    from emotion.classifier import Classifier

    classifier = Classifier(folder)
    parts = {"validation": data.validation, "test": data.test}
    return {
        split: evaluate_classifier(classifier, part.images, part.labels)
        for split, part in parts.items()
        if part is not None
    }


def _write_card(folder: Path, card: dict) -> None:
    (folder / "card.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
