"""What a run was made with: versions, backend, commit, and which faces."""

import os
import platform
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from emotion import paths
from emotion.errors import TrainingError
from emotion.files import read_object, write_json
from emotion.training.config import ConfigError

_PACKAGES = (
    "keras",
    "tensorflow",
    "jax",
    "torch",
    "numpy",
    "scipy",
    "opencv-python-headless",
)


def environment() -> dict[str, Any]:
    """Return what a run's `config.json` says of the machine; loads neither Keras nor a backend."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "backend": os.environ.get("KERAS_BACKEND", "tensorflow"),
        "packages": {name: number for name in _PACKAGES if (number := _version(name))},
        "git_commit": _git_commit(),
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _git_commit() -> str | None:
    """Return the commit of the project's files, with a "+" where they were changed since."""
    git = shutil.which("git")
    if git is None or not (paths.PROJECT / ".git").exists():
        return None

    def ask(*arguments: str) -> str:
        return subprocess.run(  # noqa: S603 - fixed arguments, no shell
            [git, *arguments], cwd=paths.PROJECT, capture_output=True, text=True, timeout=10, check=True
        ).stdout.strip()

    try:
        changed = ask("status", "--porcelain", "--untracked-files=no")
        return ask("rev-parse", "HEAD") + "+" * bool(changed)
    except (OSError, subprocess.SubprocessError):
        return None


def noted_precision(config_file: Path) -> str | None:
    """Return in which precision a run computes, if that was decided already."""
    return (read_object(config_file) or {}).get("computes_in")


def note_precision(config_file: Path, precision: str) -> None:
    """Note in a run's `config.json` in which precision it computes, so that it goes on as it began."""
    write_json(config_file, (read_object(config_file) or {}) | {"computes_in": precision})


def note_fingerprint(config_file: Path, fingerprint: str) -> None:
    """Note in a run's `config.json` which faces it was trained on, or check that they are still the same.

    Raises:
        ConfigError: the file cannot be read.
        TrainingError: a resumed run would go on with other faces.
    """
    content = read_object(config_file)
    if content is None:
        raise ConfigError("The run's config.json cannot be read.")
    known = content.get("dataset_fingerprint")
    if known == fingerprint:
        return
    if known:
        raise TrainingError("The dataset has changed since this run began; start a new run on it.")
    write_json(config_file, content | {"dataset_fingerprint": fingerprint})
