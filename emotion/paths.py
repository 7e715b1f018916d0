"""Where things lie on disk: the project itself, and what is made at run time."""

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent


def home() -> Path:
    """Return the folder of everything made at run time: `EMOTION_HOME`, or the project itself."""
    return Path(os.environ.get("EMOTION_HOME") or PROJECT)


def shipped_models_folder() -> Path:
    """Return the folder of the models that come with the product."""
    return PROJECT / "models"


def models_folder() -> Path:
    """Return the folder that trained models are added to."""
    return home() / "models"


def runs_folder() -> Path:
    """Return the folder of the training runs."""
    return home() / "runs"
