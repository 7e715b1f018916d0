import json

import pytest

from emotion import paths
from emotion.labels import EMOTIONS
from emotion.registry import ModelError, active_model, list_models, model_folder, read_card


def add_model(name: str, **card) -> None:
    folder = paths.models_folder() / name
    folder.mkdir(parents=True)
    (folder / "card.json").write_text(json.dumps({"labels": EMOTIONS} | card), encoding="utf-8")


def test_the_shipped_model_is_listed_and_active():
    assert "base" in [card.name for card in list_models()]
    assert active_model() == "base"
    assert model_folder("base") == paths.shipped_models_folder() / "base"


def test_a_trained_model_stands_beside_the_shipped_ones():
    add_model("mine", metrics={"test": {"accuracy": 0.5}})
    cards = {card.name: card for card in list_models()}
    assert set(cards) >= {"base", "mine"}
    assert cards["mine"].accuracy() == 0.5
    assert cards["mine"].accuracy("validation") is None


def test_an_unfinished_or_damaged_model_is_left_out():
    add_model(".partial-x")
    add_model("broken", labels=["happy"])
    assert {".partial-x", "broken"}.isdisjoint(card.name for card in list_models())


@pytest.mark.parametrize("name", ["missing", "", ".", "..", "../models/base", "/etc", "base/../base"])
def test_unknown_or_hostile_names(name):
    with pytest.raises(ModelError, match=r"There is no model .* choose from: base"):
        model_folder(name)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "There is no model"),
        ("", "cannot be read"),
        ("[]", "cannot be read"),
        ('{"labels": 3}', "cannot be read"),
        ('{"labels": ["happy", "sad"]}', "does not name the seven emotions"),
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


def test_the_shipped_model_keeps_its_promises():
    folder = paths.shipped_models_folder() / "base"
    card = read_card(folder)
    assert card.content["parameters"] < 2_000_000
    assert card.accuracy("test") >= 0.68
    assert card.content["metrics"]["test"]["n"] == 3589
    assert (folder / "model.tflite").stat().st_size < 25_000_000
