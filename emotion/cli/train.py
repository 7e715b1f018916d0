"""`python train_model.py`, which is `python -m emotion train`: a training run from a shell."""

import argparse
import json
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

from rich.console import Console

from emotion import paths
from emotion.cli.console import is_job, say, say_error
from emotion.cli.follow import follow
from emotion.dataset.face_dataset import DatasetError
from emotion.dataset.loading import is_path
from emotion.dataset.store import SYNTHETIC, is_imported
from emotion.errors import ReadableError
from emotion.runs import actions, files
from emotion.runs.run import RunError
from emotion.training.config import SETTINGS, ConfigError, RunConfig
from emotion.training.data import load_dataset, load_votes, prepare
from emotion.training.pace import NetworkDescription, Pace, estimate
from emotion.training.presets import PRESETS, require_models
from emotion.training.settings import GROUPS, Setting

# What stands for a value in the help.
_PLACES: dict[Any, str] = {int: "N", float: "X", str: "NAME", tuple[int, ...]: "N", tuple[str, ...]: "NAME"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `train` to a parser: one for each setting, and what to do with the run."""
    parser.add_argument(
        "--preset", choices=tuple(PRESETS), help="the recipe: 'quick' takes a minute (default: "
        "'base' with a dataset, 'quick' without)",
    )  # fmt: skip
    parser.add_argument(
        "--config", metavar="FILE", type=Path, help="begin from these settings, a run's config.json, instead"
    )
    parser.add_argument("--resume", metavar="RUN", help="go on with this run (its id or its folder)")
    parser.add_argument("--replace", action="store_true", help="take the place of a model of the same name")
    parser.add_argument(
        "--detach", action="store_true", help="return at once; the run goes on in the background"
    )
    parser.add_argument(
        "--estimate", action="store_true", help="train nothing; say how long it would take on this machine"
    )
    parser.add_argument(
        "--describe", action="store_true", help="train nothing; list the network's layers and what they cost"
    )
    parser.add_argument("--json", action="store_true", help="print what these two find out as JSON")
    sections = {group: parser.add_argument_group(f"settings: {group.lower()}") for group in GROUPS}
    for setting in SETTINGS.values():
        sections[setting.group].add_argument(f"--{setting.name.replace('_', '-')}", **_option(setting))


def _option(setting: Setting) -> dict[str, Any]:
    """Return what argparse wants to know of a setting."""
    bounds = f" ({setting.range_text})" if setting.range_text else ""
    option: dict[str, Any] = {"help": f"{setting.title}{bounds}. {setting.help}".replace("%", "%%")}
    if setting.kind is bool:
        return option | {"action": argparse.BooleanOptionalAction}
    if setting.choices:
        return option | {"choices": tuple(setting.choices)}
    option |= {"metavar": "MODEL" if setting.names_models else _PLACES[setting.kind]}
    if setting.is_tuple:
        return option | {"nargs": "+" if setting.most_parts else "*", "type": get_args(setting.kind)[0]}
    return option | {"type": setting.kind}


def run(arguments: argparse.Namespace) -> int:
    """Start or resume a run and follow it; return the exit status (0, 1 or 2)."""
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    try:
        if arguments.estimate or arguments.describe:
            return _inspect(arguments)
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
        say_error(str(error))
        return 2
    except ReadableError as error:
        say_error(str(error))
        return 1
    print(run_id, flush=True)
    console.print(f"Run: {paths.runs_folder() / run_id}")
    if arguments.detach:
        console.print(f"See it with: python -m emotion runs show {run_id}")
        return 0
    try:
        return follow(run_id, console, known)
    except ReadableError as error:
        console.print(str(error))
        return 1


def _inspect(arguments: argparse.Namespace) -> int:
    """Tell about a run that is not started; the app finds what is found out where it is remembered."""
    config = config_from(arguments)
    if arguments.estimate and not is_job():
        _check_dataset(config)  # before half a minute of work, not after it
    say("Starting Keras …")
    from emotion.training import measuring

    if arguments.describe:
        say("Building the network …")
        network = measuring.describe(config)
        if arguments.json:
            print(json.dumps(asdict(network)))
        else:
            _print_network(network)
    if arguments.estimate:
        say("Trying a few batches to see how long it takes; about half a minute …")
        pace = measuring.measure(config)
        if not is_job():
            _print_estimate(arguments, config, pace)
    return 0


def _print_network(network: NetworkDescription) -> None:
    for row in network.layers:
        shape = " x ".join(map(str, row.output_shape))
        print(f"{row.name:28}{row.kind:24}{shape:>14}{row.parameters:>12,}{row.multiply_adds:>14,}")
    print(f"{network.parameters:,} parameters, {network.multiply_adds:,} multiply-adds a face")


def _print_estimate(arguments: argparse.Namespace, config: RunConfig, pace: Pace) -> None:
    data = prepare(load_dataset(config), config.validation_share, config.seed, load_votes(config))
    expected = estimate(pace, config, len(data.train), len(data.validation))
    if arguments.json:
        faces = {"train_faces": len(data.train), "validation_faces": len(data.validation)}
        print(json.dumps(asdict(expected) | asdict(pace) | faces))
        return
    print(
        f"About {timedelta(seconds=round(expected.seconds))} on {pace.device} in {pace.precision}, "
        f"{expected.seconds_per_epoch:.1f} seconds an epoch, {pace.images_per_second:.0f} faces a second"
    )


def config_from(arguments: argparse.Namespace) -> RunConfig:
    """Return the config that the options ask for.

    Raises:
        ConfigError: a value makes no sense, or a preset lacks a dataset.
    """
    name = _preset_name(arguments)
    config = PRESETS[name] if arguments.config is None else _read_config(arguments.config)
    dataset = arguments.dataset
    if dataset is None and name not in ("", "quick"):
        raise ConfigError(f"The preset {name!r} needs a dataset: add --dataset PATH, or try --preset quick.")
    # A path that exists wins over an imported dataset of the same name.
    if dataset is not None and is_path(dataset):
        dataset = str((paths.find(dataset) or Path(dataset)).resolve())
    config = config.changed(**_given(arguments) | {"dataset": dataset})
    if arguments.epochs is not None and arguments.warmup_epochs is None:
        config = config.changed(warmup_epochs=min(config.warmup_epochs, config.epochs / 4))
    return config


def _read_config(path: Path) -> RunConfig:
    try:
        return RunConfig.from_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read.") from error


def _preset_name(arguments: argparse.Namespace) -> str:
    """Return the recipe that the run begins from; "" for none."""
    if arguments.config is not None:
        return ""
    return arguments.preset or ("base" if arguments.dataset else "quick")


def _given(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the settings that were given as options."""
    given = {name: getattr(arguments, name) for name in SETTINGS}
    return {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in given.items()
        if value is not None
    }


def _check_dataset(config: RunConfig) -> None:
    """Raise `DatasetError` now rather than in a process that has first to load Keras."""
    source = config.dataset
    if source != SYNTHETIC and not is_imported(source) and paths.find(source) is None:
        raise DatasetError(f"There is no dataset {source}; `python -m emotion datasets list` shows them all.")


def _resume(arguments: argparse.Namespace) -> tuple[str, int]:
    """Queue a run again; return its id and how many epochs it has done.

    Raises:
        ConfigError: settings were given too.
        RunError: there is no such run, or it cannot be resumed.
    """
    if _given(arguments) or arguments.preset or arguments.config:
        raise ConfigError("A run is resumed with the settings it began with; leave out all but --resume.")
    run_id = _run_id(arguments.resume)
    known = len(files.finished_epochs(actions.get_run(run_id).folder))
    actions.resume(run_id, register=True, replace_model=arguments.replace or None)
    return run_id, known


def _run_id(text: str) -> str:
    """Return the id that an id or a run's folder stands for."""
    folder = paths.find(text)
    if folder is None or folder.name == text or not folder.is_dir():
        return text
    if folder.resolve().parent != paths.runs_folder().resolve():
        raise RunError(f"{folder} does not lie in {paths.runs_folder()}; move it there, then resume it.")
    return folder.resolve().name


def main(argv: list[str] | None = None) -> int:
    """Run `train_model.py`."""
    parser = argparse.ArgumentParser(prog="train_model.py", description="Train an emotion model.")
    add_arguments(parser)
    return run(parser.parse_args(argv))
