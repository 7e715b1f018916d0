"""`python train_model.py`, which is `python -m emotion train`: a training run from a shell."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from emotion.dataset.face_dataset import DatasetError
from emotion.dataset.loading import is_path
from emotion.training.config import PRESETS, SYNTHETIC, ConfigError, RunConfig, load_config, preset
from emotion.training.runs import create_run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `train` to a parser."""
    parser.add_argument(
        "--dataset",
        metavar="NAME",
        help=f"an imported dataset, a folder or zip of train/<emotion>/… pictures, or the FER-2013 CSV; "
        f"'{SYNTHETIC}' for drawn faces (the default of the preset 'quick')",
    )
    parser.add_argument(
        "--preset", choices=tuple(PRESETS), help="the recipe: 'quick' takes a minute (default: "
        "'base' with a dataset, 'quick' without)",
    )  # fmt: skip
    parser.add_argument(
        "--honour-exclusions",
        action="store_true",
        default=None,
        help="leave out the faces on the dataset's exclusion list",
    )
    parser.add_argument("--name", help="what to call the model (default: the preset's name)")
    parser.add_argument("--epochs", type=int, metavar="N")
    parser.add_argument("--batch-size", type=int, metavar="N")
    parser.add_argument("--learning-rate", type=float, metavar="RATE")
    parser.add_argument("--dropout", type=float, metavar="SHARE")
    parser.add_argument("--seed", type=int, metavar="N")
    parser.add_argument("--resume", metavar="RUN", type=Path, help="go on with the run in this folder")
    parser.add_argument("--replace", action="store_true", help="take the place of a model of the same name")


def config_from(arguments: argparse.Namespace) -> RunConfig:
    """Return the config that the options ask for.

    Raises:
        ConfigError: a value makes no sense, or a preset lacks a dataset.
    """
    name = arguments.preset or ("base" if arguments.dataset else "quick")
    config = preset(name)
    dataset = arguments.dataset
    if dataset is None and name != "quick":
        raise ConfigError(f"The preset {name!r} needs a dataset: add --dataset PATH, or try --preset quick.")
    # A path that exists wins over an imported dataset of the same name.
    if dataset is not None and is_path(dataset):
        dataset = str(Path(dataset).expanduser().resolve())
    config = config.changed(
        name=arguments.name,
        dataset=dataset,
        honour_exclusions=arguments.honour_exclusions,
        epochs=arguments.epochs,
        batch_size=arguments.batch_size,
        learning_rate=arguments.learning_rate,
        dropout=arguments.dropout,
        seed=arguments.seed,
    )
    return replace(config, warmup_epochs=min(config.warmup_epochs, config.epochs / 4))


def run(arguments: argparse.Namespace) -> int:
    """Train in the foreground with a progress bar; return the exit status (0, 1 or 2)."""
    console = Console(stderr=True, highlight=False)
    try:
        if arguments.resume:
            folder = arguments.resume
            config = load_config(folder / "config.json")
        else:
            config = config_from(arguments)
            folder = create_run(config)
    except ConfigError as error:
        console.print(str(error), markup=False)
        return 2
    print(folder.name, flush=True)
    console.print(f"Run: {folder}", markup=False)
    return _follow(folder, config, arguments.replace, console)


def _follow(folder: Path, config: RunConfig, replace_model: bool, console: Console) -> int:
    # TensorFlow's own greetings would push the progress bar around.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    console.print("Loading TensorFlow …")
    from emotion.training.errors import TrainingError
    from emotion.training.process import train

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("epoch {task.completed}/{task.total}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(elapsed_when_finished=False),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("training", total=config.epochs)

        def show(record: dict) -> None:
            progress.update(task, completed=record["epoch"])
            console.print(
                f"epoch {record['epoch']:3d}  accuracy {record['accuracy']:.3f}  "
                f"validation {record['val_accuracy']:.3f}  loss {record['loss']:.3f}  "
                f"validation {record['val_loss']:.3f}  {record['seconds']:.0f} s"
            )

        try:
            result = train(folder, lambda text: console.print(text, markup=False), show, replace_model)
        except (ConfigError, DatasetError, TrainingError) as error:
            console.print(str(error), markup=False)
            return 1
        except OSError as error:
            console.print(f"The run could not be written to disk: {error.strerror}.", markup=False)
            return 1
    if result.model_folder is None:
        console.print(
            f"Stopped after epoch {result.epochs}. Go on with: python train_model.py --resume {folder}",
            markup=False,
        )
        return 0
    for split, evaluation in result.metrics.items():
        console.print(
            f"{split}: accuracy {evaluation.accuracy:.1%}, macro F1 {evaluation.macro_f1:.1%} "
            f"on {evaluation.n:,} faces"
        )
    console.print(f"Model: {result.model_folder}\nCurves: {folder / 'curves.html'}", markup=False)
    return 0


def main(argv: list[str] | None = None) -> int:
    """Run `train_model.py`."""
    parser = argparse.ArgumentParser(prog="train_model.py", description="Train an emotion model.")
    add_arguments(parser)
    return run(parser.parse_args(sys.argv[1:] if argv is None else argv))
