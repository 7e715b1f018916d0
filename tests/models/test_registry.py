import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor

import pytest

from emotion import paths
from emotion.labels import EMOTIONS
from emotion.models.card import ModelError, read_card
from emotion.models.classifier import Classifier
from emotion.models.registry import (
    MAX_NOTE,
    SHIPPED_MODELS,
    activate,
    active_model,
    check_name,
    clean_name,
    delete_model,
    is_shipped,
    list_models,
    model_folder,
    model_version,
    rename_model,
    set_note,
)
from emotion.models.registry import add_model as copy_model


def add_model(name: str, **card) -> None:
    folder = paths.models_folder() / name
    folder.mkdir(parents=True)
    (folder / "card.json").write_text(json.dumps({"labels": EMOTIONS} | card), encoding="utf-8")


def test_the_shipped_model_is_listed_and_active():
    assert "crowd" in [card.name for card in list_models()]
    assert active_model() == "crowd"
    assert model_folder("crowd") == paths.shipped_models_folder() / "crowd"


def test_a_trained_model_stands_beside_the_shipped_ones():
    add_model("mine", metrics={"test": {"accuracy": 0.5}})
    cards = {card.name: card for card in list_models()}
    assert set(cards) >= {"crowd", "mine"}
    assert cards["mine"].accuracy() == 0.5
    assert cards["mine"].accuracy("validation") is None


def test_an_unfinished_or_damaged_model_is_left_out():
    add_model(".partial-x")
    add_model("broken", labels=["happy"])
    assert {".partial-x", "broken"}.isdisjoint(card.name for card in list_models())


@pytest.mark.parametrize("name", ["missing", "", ".", "..", "../models/crowd", "/etc", "crowd/../crowd"])
def test_unknown_or_hostile_names(name):
    with pytest.raises(ModelError, match=r"There is no model .* choose from: crowd"):
        model_folder(name)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "There is no model"),
        ("", "cannot be read"),
        ("[]", "cannot be read"),
        ('{"labels": 3}', "cannot be read"),
        ('{"labels": [], "metrics": [1]}', "cannot be read"),
        ('{"labels": [], "card_version": 3}', "needs a newer version"),
        ('{"labels": ["happy", "sad"]}', "does not name the seven emotions"),
        (json.dumps({"labels": EMOTIONS, "input": {"range": [1, 1]}}), "does not say how the model is asked"),
        ('{"labels": [1, 2, 3, 4, 5, 6, 7]}', "does not name the seven emotions"),
    ],
)
def test_bad_cards(tmp_path, text, message):
    if text is not None:
        (tmp_path / "card.json").write_text(text, encoding="utf-8")
    with pytest.raises(ModelError, match=message):
        read_card(tmp_path)


def test_no_model_at_all(monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "PROJECT", tmp_path)
    with pytest.raises(ModelError, match=r"train one with: python train_model\.py"):
        active_model()


# By model: the most parameters, the least accuracy, the largest calibration error, how many test faces.
PROMISES = {
    "crowd": (5_000_000, 0.865, 0.03, 3372),
    "large": (5_000_000, 0.685, 0.03, 3589),
    "small": (800_000, 0.65, 0.04, 3589),
}


@pytest.mark.parametrize("name", SHIPPED_MODELS)
def test_the_shipped_models_keep_their_promises(name):
    folder = paths.shipped_models_folder() / name
    card = read_card(folder)
    most_parameters, least_accuracy, largest_error, test_faces = PROMISES[name]
    assert card.content["parameters"] <= most_parameters
    assert card.accuracy("test") >= least_accuracy
    assert card.metrics("test")["n"] == test_faces
    assert card.metrics("test")["ece"] <= largest_error
    assert (folder / "README.md").read_text(encoding="utf-8").startswith(f"# {name}\n")
    for file in ("model.tflite", "model.keras"):
        assert (folder / file).stat().st_size < 25_000_000


def test_what_a_killed_import_left_is_removed_by_the_next_one():
    paths.models_folder().mkdir(exist_ok=True)
    remains = paths.models_folder() / ".partial-999999999-0a1b2c3d-mine"
    remains.mkdir()
    copy_model(shipped_folder(), "mine")
    assert [item.name for item in paths.models_folder().iterdir()] == ["mine"]


def shipped_folder():
    return paths.shipped_models_folder() / "crowd"


def names() -> list[str]:
    return [card.name for card in list_models()]


def test_an_activated_model_is_the_active_one_until_it_is_gone():
    copy_model(shipped_folder(), "mine")
    activate("mine")
    assert active_model() == "mine"
    shutil.rmtree(paths.models_folder() / "mine")
    assert active_model() == "crowd"


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"name": 3}', '{"name": "../crowd"}', '{"name": "gone"}']
)
def test_a_damaged_choice_falls_back_to_the_default(content):
    paths.models_folder().mkdir()
    (paths.models_folder() / ".active.json").write_text(content, encoding="utf-8")
    assert active_model() == "crowd"


def test_without_the_default_the_first_is_active(monkeypatch, tmp_path):
    copy_model(shipped_folder(), "second")
    copy_model(shipped_folder(), "first")
    monkeypatch.setattr(paths, "PROJECT", tmp_path)
    assert active_model() == "first"


def test_an_unknown_model_cannot_be_activated():
    with pytest.raises(ModelError, match="There is no model 'nope'"):
        activate("nope")
    assert active_model() == "crowd"


def test_an_added_model_predicts_and_knows_its_name():
    assert [copy_model(shipped_folder(), "mine") for _ in range(3)] == ["mine", "mine-2", "mine-3"]
    assert copy_model(shipped_folder(), "crowd") == "crowd-2"  # the shipped one keeps its name
    for name in ("mine", "mine-3", "crowd-2"):
        assert Classifier(model_folder(name)).card.content["name"] == name
        assert sorted(path.name for path in model_folder(name).iterdir()) == [
            "card.json",
            "model.keras",
            "model.tflite",
        ]


def test_replacing(tmp_path):
    assert copy_model(shipped_folder(), "mine", replace=True) == "mine"
    before = model_version("mine")
    changed = shutil.copytree(shipped_folder(), tmp_path / "changed")
    os.utime(changed / "model.tflite", ns=(1, 1))
    assert copy_model(changed, "mine", replace=True) == "mine"
    assert model_version("mine") != before
    # A shipped one is never replaced.
    assert copy_model(changed, "crowd", replace=True) == "crowd-2"
    assert model_folder("crowd") == shipped_folder()
    assert {path.name for path in paths.models_folder().iterdir()} == {"mine", "crowd-2"}


def test_many_at_once_get_names_of_their_own():
    with ThreadPoolExecutor(8) as threads:
        got = list(threads.map(lambda _: copy_model(shipped_folder(), "race"), range(8)))
    assert sorted(got) == sorted(["race", *(f"race-{number}" for number in range(2, 9))])


@pytest.mark.parametrize("missing", ["card.json", "model.tflite"])
def test_half_a_model_is_not_added(tmp_path, missing):
    folder = shutil.copytree(shipped_folder(), tmp_path / "half")
    (folder / missing).unlink()
    with pytest.raises(ModelError):
        copy_model(folder, "half")
    assert not paths.models_folder().exists()


def test_the_version_tells_models_apart_but_not_their_names(tmp_path):
    copy_model(shipped_folder(), "one")
    version = model_version("one")
    assert version == model_version("one") == Classifier(model_folder("one")).version
    rename_model("one", "two")
    set_note("two", "with a note")
    assert model_version("two") == version
    card = model_folder("two") / "card.json"
    content = json.loads(card.read_text(encoding="utf-8"))
    card.write_text(json.dumps(content | {"labels": EMOTIONS[::-1]}), encoding="utf-8")
    assert model_version("two") != version


def test_renaming_keeps_it_active():
    copy_model(shipped_folder(), "mine")
    activate("mine")
    rename_model("mine", "ours")
    assert active_model() == "ours"
    assert read_card(model_folder("ours")).content["name"] == "ours"
    rename_model("ours", "ours")
    with pytest.raises(ModelError, match="already is a model 'crowd'"):
        rename_model("ours", "crowd")
    with pytest.raises(ModelError, match="letters, digits"):
        rename_model("ours", "../x")


def test_a_note():
    copy_model(shipped_folder(), "mine")
    set_note("mine", "  the one from Monday ")
    assert read_card(model_folder("mine")).note == "the one from Monday"
    with pytest.raises(ModelError, match="at most"):
        set_note("mine", "x" * (MAX_NOTE + 1))


def test_deleting():
    copy_model(shipped_folder(), "mine")
    activate("mine")
    delete_model("mine")
    assert names() == list(SHIPPED_MODELS)
    assert active_model() == "crowd"
    with pytest.raises(ModelError, match="There is no model 'mine'"):
        delete_model("mine")


def test_the_last_one_stays(monkeypatch, tmp_path):
    copy_model(shipped_folder(), "mine")
    monkeypatch.setattr(paths, "PROJECT", tmp_path)
    with pytest.raises(ModelError, match="the only one"):
        delete_model("mine")
    assert names() == ["mine"]


@pytest.mark.parametrize(
    "change",
    [delete_model, lambda name: rename_model(name, "x"), lambda name: set_note(name, "x")],
    ids=["delete", "rename", "note"],
)
def test_the_shipped_ones_stay_as_they_are(change):
    copy_model(shipped_folder(), "other")
    assert is_shipped("crowd")
    assert not is_shipped("other")
    with pytest.raises(ModelError, match="comes with the product"):
        change("crowd")
    assert names() == sorted([*SHIPPED_MODELS, "other"])


def test_without_a_home_of_ones_own_only_the_trained_can_be_deleted(monkeypatch, tmp_path):
    project = tmp_path / "project"
    shutil.copytree(shipped_folder(), project / "models" / "crowd")
    monkeypatch.setattr(paths, "PROJECT", project)
    monkeypatch.delenv("EMOTION_HOME")
    assert copy_model(project / "models" / "crowd", "crowd", replace=True) == "crowd-2"
    assert is_shipped("crowd")
    assert not is_shipped("crowd-2")
    delete_model("crowd-2")
    with pytest.raises(ModelError, match="comes with the product"):
        delete_model("crowd")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("mine", "mine"),
        ("my model (2).keras", "my-model-2-keras"),
        ("größe_1", "größe_1"),
        ("../../etc", "etc"),
        ("", "model"),
        ("...", "model"),
        ("con", "con-model"),
        ("x" * 100, "x" * 60),
    ],
)
def test_names_fit_for_a_folder(text, name):
    assert clean_name(text) == name
    assert check_name(name) == name
    if name != text:
        with pytest.raises(ModelError):
            check_name(text)
