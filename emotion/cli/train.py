"""`python train_model.py`, which is `python -m emotion train`: a training run from a shell."""

from __future__ import annotations

import argparse
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from emotion import paths
from emotion.cli.follow import follow
from emotion.dataset.face_dataset import DatasetError
from emotion.dataset.loading import is_path
from emotion.dataset.store import SYNTHETIC, is_imported
from emotion.errors import ReadableError
from emotion.runs import actions, files
from emotion.runs.run import RunError
from emotion.training.config import (
    ARCHITECTURE_NAMES,
    CLASS_BALANCES,
    OPTIMIZERS,
    SCHEDULES,
    TARGETS,
    ConfigError,
    RunConfig,
)
from emotion.training.presets import PRESETS, preset, require_models

# What of a preset can be changed by an option: its name, its type or choices, what stands for the
# value in the help, and what it means.
_SETTINGS: tuple[tuple[str, type | tuple[str, ...], str, str], ...] = (
    ("architecture", ARCHITECTURE_NAMES, "", "the kind of network"),
    ("blocks", int, "N", "blocks of layers a stage"),
    ("stem_width", int, "N", "channels of the first layer"),
    ("epochs", int, "N", "how many at most"),
    ("early_stopping", int, "N", "end after so many epochs that are no better; 0: never"),
    ("batch_size", int, "N", "faces a step"),
    ("optimizer", OPTIMIZERS, "", "what changes the weights"),
    ("learning_rate", float, "RATE", "its peak"),
    ("schedule", SCHEDULES, "", "the learning rate over time"),
    ("weight_decay", float, "RATE", "how fast weights shrink"),
    ("ema_momentum", float, "SHARE", "how slowly the averaged weights follow; 0: no averaging"),
    ("dropout", float, "SHARE", "of the features left out before the classifier"),
    ("stochastic_depth", float, "SHARE", "how often the last residual block is skipped"),
    ("label_smoothing", float, "SHARE", "of the target given to all emotions alike"),
    ("mixup", float, "ALPHA", "blend faces in pairs; 0: never"),
    ("cutmix", float, "ALPHA", "put a rectangle of one face into another; 0: never"),
    ("class_balance", CLASS_BALANCES, "", "what rare emotions get"),
    ("targets", TARGETS, "", "the labels, or how people voted"),
    ("validation_share", float, "SHARE", "of the training faces, to choose the best epoch on"),
    ("synthetic_faces", int, "N", "how many to draw"),
    ("seed", int, "N", "of every random choice"),
)


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
    for setting, kind, metavar, meaning in _SETTINGS:
        choices = kind if isinstance(kind, tuple) else None
        parser.add_argument(
            f"--{setting.replace('_', '-')}",
            type=str if isinstance(kind, tuple) else kind,
            choices=choices,
            metavar=None if choices else metavar,
            help=meaning,
        )
    parser.add_argument("--widths", nargs="+", type=int, metavar="N", help="channels of each stage")
    parser.add_argument(
        "--start-from", metavar="MODEL", help="a model of the same network whose weights are the first ones"
    )
    parser.add_argument(
        "--teachers", nargs="+", metavar="MODEL", help="models that show the network how sure to be"
    )
    parser.add_argument("--resume", metavar="RUN", help="go on with this run (its id or its folder)")
    parser.add_argument("--replace", action="store_true", help="take the place of a model of the same name")
    parser.add_argument(
        "--detach", action="store_true", help="return at once; the run goes on in the background"
    )


def run(arguments: argparse.Namespace) -> int:
    """Start or resume a run and follow it; return the exit status (0, 1 or 2)."""
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    try:
        if arguments.resume:
            run_id, known = _resume(arguments)
        else:
            name = _preset_name(arguments)
            config = config_from(arguments)
            require_models(config)
            _check_dataset(config)
            run_id = actions.submit(config, name, register=True, replace_model=arguments.replace).id
            known = 0
    except ConfigError as error:
        console.print(str(error))
        return 2
    except ReadableError as error:
        console.print(str(error))
        return 1
    print(run_id, flush=True)
    console.print(f"Run: {paths.runs_folder() / run_id}")
    if arguments.detach:
        console.print(f"See it with: python -m emotion runs show {run_id}")
        return 0
    try:
        return follow(run_id, console, known)
    except RunError as error:
        console.print(str(error))
        return 1


def config_from(arguments: argparse.Namespace) -> RunConfig:
    """Return the config that the options ask for.

    Raises:
        ConfigError: a value makes no sense, or a preset lacks a dataset.
    """
    name = _preset_name(arguments)
    config = preset(name)
    dataset = arguments.dataset
    if dataset is None and name != "quick":
        raise ConfigError(f"The preset {name!r} needs a dataset: add --dataset PATH, or try --preset quick.")
    # A path that exists wins over an imported dataset of the same name.
    if dataset is not None and is_path(dataset):
        dataset = str(Path(dataset).expanduser().resolve())
    config = config.changed(dataset=dataset, **_given(arguments))
    return replace(config, warmup_epochs=min(config.warmup_epochs, config.epochs / 4))


def _preset_name(arguments: argparse.Namespace) -> str:
    return arguments.preset or ("base" if arguments.dataset else "quick")


def _given(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the settings that were given as options, but for the dataset."""
    names = {item.name for item in fields(RunConfig)} - {"dataset"}
    given = {name: value for name, value in vars(arguments).items() if name in names and value is not None}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}


def _check_dataset(config: RunConfig) -> None:
    """Raise `DatasetError` now rather than in a process that has first to load Keras."""
    source = config.dataset
    if source != SYNTHETIC and not is_imported(source) and not Path(source).exists():
        raise DatasetError(f"There is no dataset {source}; `python -m emotion datasets list` shows them all.")


def _resume(arguments: argparse.Namespace) -> tuple[str, int]:
    """Queue a run again; return its id and how many epochs it has done.

    Raises:
        ConfigError: settings were given too.
        RunError: there is no such run, or it cannot be resumed.
    """
    given = _given(arguments)
    if given or arguments.dataset or arguments.preset:
        raise ConfigError("A run is resumed with the settings it began with; leave out all but --resume.")
    run_id = _run_id(arguments.resume)
    known = len(files.finished_epochs(actions.get_run(run_id).folder))
    actions.resume(run_id, register=True, replace_model=arguments.replace or None)
    return run_id, known


def _run_id(text: str) -> str:
    """Return the id that an id or a run's folder stands for."""
    folder = Path(text).expanduser()
    if folder.name == text or not folder.is_dir():
        return text
    if folder.resolve().parent != paths.runs_folder().resolve():
        raise RunError(f"{folder} does not lie in {paths.runs_folder()}; move it there, then resume it.")
    return folder.resolve().name


def main(argv: list[str] | None = None) -> int:
    """Run `train_model.py`."""
    parser = argparse.ArgumentParser(prog="train_model.py", description="Train an emotion model.")
    add_arguments(parser)
    return run(parser.parse_args(sys.argv[1:] if argv is None else argv))
