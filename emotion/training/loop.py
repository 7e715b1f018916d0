"""The training itself: from a run's folder and its config to a model, resumable at every epoch.

A run is a folder: `config.json` (what to do), `metrics.jsonl` (how it gets on), `checkpoints/` (the
newest state), `best.weights.h5` (of the network alone), `tensorboard/` (event files), and at the end
`model/`, `result.json`, `predictions.npz` and `curves.html`. Of which version all of these are, `config.json`
says as "format" (see `config.RUN_FORMAT`).
"""

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import keras

from emotion.errors import TrainingError
from emotion.files import write_json
from emotion.training import callbacks, finish
from emotion.training.architectures import build_network, one_head
from emotion.training.batches import endless_batches
from emotion.training.calibration import calibrate
from emotion.training.config import RunConfig, load_config
from emotion.training.data import TrainingData, load_dataset, load_votes, prepare
from emotion.training.environment import note_fingerprint, note_precision, noted_precision
from emotion.training.metrics import METRICS, read_metrics
from emotion.training.precision import decide
from emotion.training.recipe import build_recipe, device_words, use_all_devices
from emotion.training.teaching import taught


def train(run: Path, control: callbacks.Control, task: str = "train") -> bool:
    """Train what `run/config.json` describes, from the newest checkpoint if there is one.

    Args:
        run: the run's folder.
        control: asked whether to stop, and told what is being done.
        task: "train", or "export": no further epoch, only a model of the best weights so far.

    Returns:
        Whether it finished; False for a run that was stopped.

    Raises:
        ConfigError, DatasetError, ModelError, TrainingError: with a sentence for a person.
    """
    config = load_config(run / "config.json")
    control.message(f"Reading the faces of {Path(config.dataset).name} …")
    faces, votes = load_dataset(config), load_votes(config)
    data = prepare(faces, config.validation_share, config.seed, votes, config.heads == 2)
    note_fingerprint(run / "config.json", data.fingerprint)
    control.message(_faces_words(data))
    if task == "train":
        config = _with_precision(run / "config.json", config, control)
        if config.asks_teachers_once:
            control.message("Asking the teachers …")
            data = replace(data, train=taught(data.train, config))
    if task == "train" and _fit(run, config, data, control):
        return False
    records = read_metrics(run / METRICS)
    if not (run / "best.weights.h5").is_file() or not records:
        raise TrainingError(
            "No epoch is finished yet, so there is nothing to make a model of; resume the run."
        )
    control.message("Writing the model and measuring it …")
    if config.heads == 2:
        # Measured by what it answers alone: by the labels, that is on every face.
        judged_by = votes if config.answers == "votes" else None
        data = prepare(faces, config.validation_share, config.seed, judged_by)
    _export(run, config, data, records)
    return True


def _with_precision(config_file: Path, config: RunConfig, control: callbacks.Control) -> RunConfig:
    """Return the config with its precision decided; a resumed run goes on in the one it began with."""
    if noted := noted_precision(config_file):
        return config.changed(precision=noted)
    config = decide(config, control.message)
    note_precision(config_file, config.precision)
    return config


def _faces_words(data: TrainingData) -> str:
    text = f"{len(data.train):,} faces to train on, {len(data.validation):,} for validation"
    if data.test:
        text += f", {len(data.test):,} for the test"
    left_out = []
    copies = (
        (data.dropped, "training faces that are copies of test faces"),
        (data.dropped_for_validation, "training faces that are copies of validation faces"),
        (data.dropped_validation, "validation faces that are copies of test faces"),
    )
    left_out += [f"{count:,} {what}" for count, what in copies if count]
    if data.unclear:
        left_out.append(f"{data.unclear:,} faces in which most people saw none of the seven emotions")
    return text + "." + f" Left out: {'; '.join(left_out)}." * bool(left_out)


def _fit(run: Path, config: RunConfig, data: TrainingData, control: callbacks.Control) -> bool:
    """Run the epochs that are left; return whether somebody asked to stop."""
    use_all_devices()
    keras.utils.set_random_seed(config.seed)
    recipe = build_recipe(config, len(data.train))
    model = recipe.model
    first_epoch, best = 0, -1.0
    checkpoint = callbacks.newest_checkpoint(run / "checkpoints")
    if checkpoint:
        path, first_epoch = checkpoint
        model.optimizer.build(model.trainable_variables)
        model.load_weights(path)
        records = read_metrics(run / METRICS)[:first_epoch]
        best = max((record["val_accuracy"] for record in records), default=-1.0)
        if callbacks.has_stalled(records, config.early_stopping):
            return False
    if first_epoch >= config.epochs:
        return False
    stop = callbacks.StopOnRequest(control)
    metrics = run / METRICS
    parts: list[keras.callbacks.Callback] = [
        stop,
        callbacks.SeedEachEpoch(config.seed),
        callbacks.StopOnDivergence(),
        callbacks.BestWeights(recipe.network, run / "best.weights.h5", best),
    ]
    if config.ema_momentum:
        parts.append(keras.callbacks.SwapEMAWeights())
    parts.append(callbacks.MetricsLog(metrics, stop, recipe.steps, config.batch_size, first_epoch))
    if config.early_stopping:
        parts.append(callbacks.StopWithoutProgress(metrics, config.early_stopping))
    parts.append(callbacks.Checkpoint(run / "checkpoints", stop))
    if find_spec("tensorflow"):  # writes the event files, whatever the backend
        parts.append(keras.callbacks.TensorBoard(run / "tensorboard", write_graph=False))
    control.message(f"Training on {device_words()} …")
    model.fit(
        endless_batches(data.train, config, first_epoch),
        steps_per_epoch=recipe.steps,
        initial_epoch=first_epoch,
        epochs=config.epochs,
        validation_data=(data.validation.images[..., None].astype("float32"), data.validation.targets),
        validation_batch_size=256,
        callbacks=parts,
        shuffle=False,  # the batches are shuffled already
        verbose=0,
    )
    return stop.asked


def _export(run: Path, config: RunConfig, data: TrainingData, records: list[dict[str, Any]]) -> None:
    """Write `model/` from the best weights, measure its LiteRT file, and note what came out."""
    keras.config.set_dtype_policy("float32")
    network = build_network(config)
    network.load_weights(run / "best.weights.h5")
    if config.heads > 1:
        network = one_head(network, config)
    logits = finish.network_logits(network, data.validation.images, config.average_mirrored)
    # Against the right answer, also where shares of votes were learned: "80 % sure" means right in 80 %.
    calibration = calibrate(logits, data.validation.labels, config.recall_budget)
    best_epoch = max(records, key=lambda record: record["val_accuracy"])["epoch"]
    model = finish.inference_model(network, calibration, config.average_mirrored)
    card = finish.build_card(config, model, data, calibration, best_epoch)
    metrics = finish.write_model(run, model, card, data)
    result = {
        "epochs": len(records),
        "best_epoch": best_epoch,
        "temperature": calibration.temperature,
        "device": device_words(),
        "metrics": {split: report.figures() for split, report in metrics.items()},
    }
    write_json(run / "result.json", result)
