"""Where things lie on disk: the project itself, and what is made at run time."""

import os
from importlib.util import find_spec
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent


def home() -> Path:
    """Return the folder of everything made at run time: `EMOTION_HOME`, or the project itself."""
    return Path(os.environ.get("EMOTION_HOME") or PROJECT)


def shipped_models_folder() -> Path:
    """Return the folder of the models that come with the product."""
    return PROJECT / "models"


def file_of_package(package: str, name: str) -> Path | None:
    """Return a file that an installed package brings, or None; the package is found without its import."""
    spec = find_spec(package)
    folders = spec.submodule_search_locations if spec else None
    return next((path for folder in folders or () if (path := Path(folder) / name).is_file()), None)


def models_folder() -> Path:
    """Return the folder that trained models are added to."""
    return home() / "models"


def runs_folder() -> Path:
    """Return the folder of the training runs."""
    return home() / "runs"


def recordings_folder() -> Path:
    """Return the folder of the recordings: what films and cameras became, as numbers."""
    return home() / "recordings"


def find(text: str) -> Path | None:
    """Return the path that a person names, `~` being their home; None where nothing is there, or can be."""
    try:
        path = Path(text).expanduser()
        return path if path.exists() else None
    except (OSError, RuntimeError):  # longer than a name may be; the home of somebody unknown
        return None
