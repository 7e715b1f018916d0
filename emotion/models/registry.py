"""The models on disk: which there are, what their cards say, which one is in use; add, rename, delete.

models/NAME/model.tflite   what predicts
models/NAME/model.keras    what it was made from; missing where only a LiteRT file was imported
models/NAME/card.json      what it is, trained on what, measured how
models/.active.json        which one is in use; missing until somebody chooses
"""

import re
import shutil
from pathlib import Path

from emotion import paths
from emotion.files import disk_errors, partial_of, read_object, sweep, write_json
from emotion.models.card import (
    CARD,
    KERAS_FILE,
    LITERT_FILE,
    ModelCard,
    ModelError,
    change_card,
    folder_version,
    read_card,
)
from emotion.models.mix import MIXES, mixes_of

DEFAULT_MODEL = "crowd"
# They come with the product: never renamed, replaced or deleted.
SHIPPED_MODELS = ("crowd", "large", "small")
_ACTIVE = ".active.json"
# What Windows keeps for itself, whatever the extension.
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)
MAX_NAME = 60
MAX_NOTE = 500


def list_models() -> list[ModelCard]:
    """Return the cards of all models, by name; a folder without a readable card is left out."""
    cards: dict[str, ModelCard] = {}
    for root in (paths.models_folder(), paths.shipped_models_folder()):
        for card_path in sorted(root.glob("[!.]*/card.json")):
            try:
                cards.setdefault(card_path.parent.name, read_card(card_path.parent))
            except ModelError:
                continue
    return [cards[name] for name in sorted(cards)]


def model_folder(name: str) -> Path:
    """Return the folder of a model; a trained one wins over a shipped one of the same name.

    Raises:
        ModelError: there is none of that name.
    """
    folder = _find_folder(name)
    if folder is not None:
        return folder
    known = ", ".join(card.name for card in list_models())
    hint = f"choose from: {known}." if known else "train one with: python train_model.py"
    raise ModelError(f"There is no model {name!r}; {hint}")


def _find_folder(name: str) -> Path | None:
    """Return the folder of a model, or None: no name leads out of the folders of models."""
    if name in ("", ".", "..") or name.startswith(".") or Path(name).name != name:
        return None
    for root in (paths.models_folder(), paths.shipped_models_folder()):
        if (root / name / CARD).is_file():
            return root / name
    return None


def active_model() -> str:
    """Return the name of the model that the pages and the command line predict with.

    It is the one that somebody has activated, or the shipped default where nobody has, or where that
    one is gone; without the default, the first there is.

    Raises:
        ModelError: there is no model at all.
    """
    chosen = _read_active()
    if chosen is not None and _find_folder(chosen) is not None:
        return chosen
    names = [card.name for card in list_models()]
    if not names:
        raise ModelError("There is no model yet; train one with: python train_model.py")
    return DEFAULT_MODEL if DEFAULT_MODEL in names else names[0]


def active_mix() -> str:
    """Return which mix of emotions the probabilities of the active model are to assume; see `mix.MIXES`."""
    chosen = read_object(paths.models_folder() / _ACTIVE) or {}
    mix = chosen.get("mix", "own")
    return mix if mix in MIXES and chosen.get("name", DEFAULT_MODEL) == active_model() else "own"


def activate(name: str, mix: str = "own") -> None:
    """Let the pages and the command line predict with this model from now on.

    Args:
        name: of the model.
        mix: of emotions that its probabilities assume; one of `mix.MIXES`.

    Raises:
        ModelError: there is none of that name, its card cannot be read, or the mix cannot be had of it.
        FileError: the disk refuses.
    """
    if mix not in (possible := mixes_of(read_card(model_folder(name)))):
        raise ModelError(f"The model {name!r} has no mix {mix!r}; choose from: {', '.join(possible)}.")
    with disk_errors("The choice of the model could not be kept"):
        paths.models_folder().mkdir(parents=True, exist_ok=True)
        write_json(paths.models_folder() / _ACTIVE, {"name": name, "mix": mix})


def _read_active() -> str | None:
    name = (read_object(paths.models_folder() / _ACTIVE) or {}).get("name")
    return name if isinstance(name, str) else None


def model_version(name: str) -> str:
    """Return 16 hexadecimal digits that differ where two models would answer differently.

    See `models.card.folder_version`.

    Raises:
        ModelError: there is none of that name, or it lacks a file.
    """
    return folder_version(model_folder(name))


def is_shipped(name: str) -> bool:
    """Return whether a model comes with the product, and so is not the visitor's to change."""
    folder = _find_folder(name)
    shipped = paths.shipped_models_folder().resolve()
    if folder is None or folder.parent.resolve() != shipped:
        return False
    # Without EMOTION_HOME, trained models stand beside the shipped ones.
    return name in SHIPPED_MODELS or paths.models_folder().resolve() != shipped


def check_name(name: str) -> str:
    """Return the name if a model can be called so.

    Raises:
        ModelError: it is empty, too long, or holds something else than letters, digits, '-' and '_'.
    """
    if clean_name(name) == name:
        return name
    raise ModelError(f"A model's name is made of up to {MAX_NAME} letters, digits, '-' and '_'.")


def clean_name(text: str) -> str:
    """Return the name, fit for a folder on any system, that comes closest to a text."""
    name = re.sub(r"[^\w-]+", "-", text).strip("-")[:MAX_NAME].rstrip("-") or "model"
    return f"{name}-model" if _DEVICES.fullmatch(name) else name


def add_model(folder: Path, name: str, replace: bool = False) -> str:
    """Copy a finished model folder among the models, whole or not at all.

    Args:
        folder: holds `model.tflite`, `card.json` and usually `model.keras`; nothing else is copied.
        name: the wished name; where it is taken, `-2`, `-3`, ... is appended, and the card says so.
        replace: take the place of a model of the same name instead; never of a shipped one.

    Returns:
        The name it got.

    Raises:
        ModelError: the folder holds no model.
        FileError: the disk refuses.
    """
    name = clean_name(name)
    folder_version(folder)
    root = paths.models_folder()
    partial = partial_of(root / name)
    sweep(root)
    with disk_errors(f"The model {name!r} could not be added"):
        try:
            partial.mkdir(parents=True)
            for file in (KERAS_FILE, LITERT_FILE, CARD):
                if (folder / file).is_file():
                    shutil.copy2(folder / file, partial / file)
            if replace and not is_shipped(name) and (root / name).exists():
                change_card(partial, name=name)
                _swap(partial, root / name)
                return name
            return _place(partial, root, name)
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def _place(partial: Path, root: Path, name: str) -> str:
    """Rename a folder to the first free name and return that."""
    number = 1
    while True:
        free = name if number == 1 else f"{name}-{number}"
        number += 1
        if _find_folder(free) is not None or (root / free).exists():
            continue
        change_card(partial, name=free)
        try:
            partial.rename(root / free)
        except OSError:
            if not (root / free).exists():
                raise
            continue  # another process took the name between the look and the step
        return free


def _swap(new: Path, target: Path) -> None:
    old = partial_of(target)
    target.rename(old)
    new.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def rename_model(name: str, new_name: str) -> None:
    """Give a model another name; the active one stays the active one.

    Raises:
        ModelError: it is a shipped one, there is none of that name, or the new name is taken or none.
    """
    folder = _own_folder(name, "renamed")
    check_name(new_name)
    if new_name == name:
        return
    if _find_folder(new_name) is not None:
        raise ModelError(f"There already is a model {new_name!r}; choose another name.")
    was_active = active_model() == name
    with disk_errors(f"The model {name!r} could not be renamed"):
        folder.rename(folder.with_name(new_name))
        change_card(folder.with_name(new_name), name=new_name)
    if was_active:
        activate(new_name)


def set_note(name: str, note: str) -> None:
    """Keep a few words with a model; an empty text removes them.

    Raises:
        ModelError: it is a shipped one, there is none of that name, or the text is too long.
    """
    folder = _own_folder(name, "given a note")
    if len(note) > MAX_NOTE:
        raise ModelError(f"A note has at most {MAX_NOTE} characters.")
    with disk_errors("The note could not be kept"):
        change_card(folder, note=note.strip())


def delete_model(name: str) -> None:
    """Remove a model from disk; where it was the active one, the shipped default is it again.

    Raises:
        ModelError: it is a shipped one, the last there is, or there is none of that name.
    """
    folder = _own_folder(name, "deleted")
    if len(list_models()) < 2:
        raise ModelError(f"The model {name!r} is the only one; without it nothing could be recognised.")
    with disk_errors(f"The model {name!r} could not be deleted"):
        doomed = partial_of(folder)
        folder.rename(doomed)  # gone at once, and never half there
    shutil.rmtree(doomed, ignore_errors=True)


def _own_folder(name: str, what: str) -> Path:
    folder = model_folder(name)
    if is_shipped(name):
        raise ModelError(f"The model {name!r} comes with the product and cannot be {what}.")
    return folder
