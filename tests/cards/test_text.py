import json
import re
from dataclasses import asdict, replace

import pytest

from emotion import paths
from emotion.cards.text import card_text
from emotion.evaluation.report import Robustness, RobustnessCurve
from emotion.labels import EMOTIONS
from emotion.models.card import ModelCard, ModelError, read_card
from emotion.models.registry import SHIPPED_MODELS
from emotion.training.presets import PRESETS

ROBUSTNESS = Robustness(
    "mine",
    700,
    (
        RobustnessCurve("rotation", (0, 5, 45), (0.7, 0.65, 0.6)),
        RobustnessCurve("rain|fog", (0, 1), (0.7, 0.61)),
    ),
)
# As `models import` makes them.
FOREIGN = {
    "name": "mine",
    "imported_from": "his_model*.keras",
    "created": "2026-02-03T10:00:00+00:00",
    "labels": sorted(EMOTIONS),
    "input": {"range": [0, 1]},
    "output": {"activation_maps": False, "scores": "logits"},
    "metrics": {},
}


def card(content: dict, name: str = "mine") -> ModelCard:
    return ModelCard(name, tuple(content.get("labels", EMOTIONS)), content)


def measured(confusion: dict[tuple[str, str], int], faces: int = 50) -> dict:
    """Return figures of `faces` faces a class, of which so many are taken for something else."""
    matrix = [[confusion.get((label, answer), 0) for answer in EMOTIONS] for label in EMOTIONS]
    for index, row in enumerate(matrix):
        row[index] = faces - sum(row)
    per_class = {
        name: {
            "precision": 0.5,
            "recall": matrix[index][index] / faces,
            "f1": matrix[index][index] / faces,
            "support": faces,
        }
        for index, name in enumerate(EMOTIONS)
    }
    figures = {"n": 7 * faces, "accuracy": 0.6825, "macro_f1": 0.653, "ece": 0.0382}
    return figures | {"per_class": per_class, "confusion_matrix": matrix}


def trained(preset: str = "base", dataset: str = "fer2013.zip", **changes) -> ModelCard:
    """Return the card of a model that this product has made by a preset, changed a little."""
    config = json.loads(PRESETS[preset].to_json()) | {"dataset": dataset} | changes
    part = {"faces": 14_000, "classes": dict.fromkeys(EMOTIONS, 2000)}
    facts = {
        "name": dataset,
        "train": part,
        "validation": None,
        "test": part,
        "train_copies_of_test_faces_dropped": 1343,
        "faces_without_a_clear_emotion_dropped": 689 if config["targets"] == "votes" else 0,
    }
    metrics = {"validation": measured({}), "test": measured({("fear", "sad"): 9, ("sad", "neutral"): 20})}
    content = {"parameters": 1_583_878, "temperature": 0.64, "best_epoch": 43, "metrics": metrics}
    return card(content | {"config": config, "dataset": facts})


def section(text: str, title: str) -> str:
    return text.split(f"\n## {title}")[1].split("\n## ")[0]


def sections(text: str) -> list[str]:
    return [line[3:] for line in text.splitlines() if line.startswith("## ")]


@pytest.mark.parametrize("name", SHIPPED_MODELS)
def test_the_shipped_models(name):
    found = read_card(paths.shipped_models_folder() / name)
    text = card_text(found, is_shipped=True)
    assert text.startswith(f"# {name}\n")
    assert sections(text)[:5] == ["What it is for", "Data", "Recipe", "Figures", "What it gets wrong"]
    test = found.metrics()
    assert f"| test | {test['n']:,} | {100 * test['accuracy']:.1f} % |" in text
    assert f"{found.content['parameters']:,} parameters" in text
    assert "The model: MIT" in section(text, "Licence")
    assert "FER-2013" in section(text, "Licence")
    by_votes = found.content["config"].get("targets") == "votes"
    assert ("FER+" in text) == ("--against votes" in text) == by_votes
    assert "None" not in text
    # The README beside it is this text, with how it fares on worse pictures.
    told = (paths.shipped_models_folder() / name / "README.md").read_text(encoding="utf-8")
    assert text.partition("\n## Measure it again")[0] == re.sub(
        r"\n## On worse pictures.*?(?=\n## Limits)|\n## Measure it again.*", "", told, flags=re.DOTALL
    )


def test_a_model_made_elsewhere_has_a_short_card():
    text = card_text(card(FOREIGN))
    assert sections(text) == [
        "What it is for",
        "Limits",
        "Licence",
        "Measure it again, and write this text",
    ]
    assert "0 (black) to 1 (white), and gives seven logits" in text
    assert "angry, disgust, fear, happy, neutral, sad, surprise, in this order" in text
    assert "imported from the file his\\_model\\*.keras" in text
    assert "somebody else's" in section(text, "Licence")
    assert "MIT" not in text
    assert "python -m emotion evaluate DATASET --model mine\n" in text
    assert "None" not in text


def test_a_card_that_says_nothing():
    text = card_text(card({}))
    assert sections(text) == ["What it is for", "Limits", "Measure it again, and write this text"]
    assert "None" not in text


@pytest.mark.parametrize(
    ("made", "parts"),
    [
        (
            trained(),
            ["import fer2013.zip --name fer2013\n", "train_model.py --preset base --dataset fer2013\n"],
        ),
        (
            trained("base", "faces"),
            ["datasets import PATH --name faces\n", "--preset base --dataset faces\n"],
        ),
        (
            trained("crowd"),
            [
                "--votes VOTES.csv\n"
                "python train_model.py --preset crowd-start --dataset fer2013\n"
                "python train_model.py --preset crowd --dataset fer2013\n"
            ],
        ),
        (trained("large"), ["| start from | crowd |"]),
        (trained(start_from=3, teachers=4), ["teacher share", "differs in: start from, teachers."]),
        (trained("base", name="a_b"), ["--preset base --dataset fer2013 --name a_b\n"]),
        (
            trained("small", epochs=5, teachers=["a", "b|c"]),
            ["differs in: epochs, teachers.", "| teachers | a, b\\|c |", "| teacher share | 0.7 |"],
        ),
        (
            trained("base", augmentation=asdict(PRESETS["base"].augmentation) | {"rotation": 77.5}),
            ["--preset base", "differs in: rotation.", "rotation 77.5"],
        ),
    ],
)
def test_recipes(made, parts):
    recipe = section(card_text(made), "Recipe")
    for part in parts:
        assert part in recipe
    assert ("differs" in recipe) == any("differs" in part for part in parts)
    assert ("teacher share" in recipe) == any("teacher share" in part for part in parts)
    assert "| best epoch | 43 |" in recipe
    assert "| seed | 0 |" in recipe


def test_drawn_faces_are_not_imported():
    text = card_text(trained("quick", "synthetic"))
    assert "datasets import" not in text
    assert "train_model.py --preset quick --dataset synthetic\n" in text
    assert "FER-2013" not in text


def test_what_is_told_of_the_data():
    by_labels, by_votes = card_text(trained()), card_text(trained("crowd"))
    assert "|  | train | test |" in section(by_labels, "Data")
    assert "| disgust | 2,000 | 2,000 |" in section(by_labels, "Data")
    assert "1,343 training faces were left out" in by_labels
    assert "what people saw" not in by_labels
    assert "689 faces were left out" in section(by_votes, "Data")
    assert "contempt" in section(by_votes, "Data")
    assert "MIT licence" in section(by_votes, "Licence")
    excluding = card_text(trained(honour_exclusions=True))
    assert "exclusion list" in section(excluding, "Data")
    assert "evaluate fer2013 --model mine --honour-exclusions\n" in excluding


def test_figures_errors_and_calibration():
    made = trained()
    text = card_text(made)
    assert "| test | 350 | 68.2 % | 65.3 % | 3.8 % |" in section(text, "Figures")
    assert "| sad | 50.0 % | 60.0 % | 60.0 % | 50 |" in section(text, "Figures")
    wrong = section(text, "What it gets wrong")
    assert wrong.index("Of 50 faces labelled sad, 20 (40 %) are taken for neutral.") < wrong.index(
        "Of 50 faces labelled fear, 9 (18 %) are taken for sad."
    )
    assert wrong.count("are taken for") == 3  # the table's title as well
    assert "The weakest class is sad: 60 % of its faces are found" in wrong
    assert "| **fear** | 0 | 0 | 41 | 0 | 9 | 0 | 0 |" in wrong
    sure = section(text, "How sure, and how right")
    assert "3.8 points apart" in sure
    assert "not sure enough: its logits are divided by 0.64" in sure
    assert "without-copies" not in text
    made.content["metrics"] |= {"test_without_copies": measured({}, 40)}
    text = card_text(made)
    assert "| test, without faces that also stand in the training split | 280 |" in text
    assert "--model mine --without-copies\n" in text


def test_a_model_measured_on_validation_alone():
    made = trained()
    del made.content["metrics"]["test"], made.content["metrics"]["validation"]["confusion_matrix"]
    made.content["temperature"] = 1.5
    text = card_text(made)
    assert "By class, validation." in text
    assert "What it gets wrong" not in sections(text)
    assert "too sure: its logits are divided by 1.50" in text


def test_worse_pictures():
    text = card_text(trained(), ROBUSTNESS)
    worse = section(text, "On worse pictures")
    assert "by the dataset's labels, on 700 faces" in worse
    assert "| Rotation, degrees | 70 % | 5: 65 % | **45: 60 %** |" in worse
    assert "| rain\\|fog | 70 % | 1: 61 % |  |" in worse
    assert "models robustness mine fer2013 --json > robustness.json\n" in text
    by_votes = card_text(trained("crowd"), replace(ROBUSTNESS, against="votes"))
    assert "by what most people saw, on 700 faces" in section(by_votes, "On worse pictures")
    assert "models robustness mine fer2013 --against votes --json > robustness.json\n" in by_votes
    assert "models card mine --robustness robustness.json\n" in text


def test_foreign_text_stays_text():
    name = "x</script>`\n# big|*`{{ 7 * 7 }}{% raw %}"
    found = card(FOREIGN | {"imported_from": name, "note": name, "architecture": name}, "it's")
    found.content["dataset"] = {"name": f"{name}.zip", "train": None}
    text = card_text(found)
    shown = "x\\</script\\>\\` \\# big\\|\\*\\`\\{\\{ 7 \\* 7 \\}\\}\\{% raw %\\}"
    assert text.count(shown) == 3
    assert "\n# big" not in text
    assert text.count("```") == 2
    assert "--model 'it'\"'\"'s'\n" in text


@pytest.mark.parametrize(
    "content",
    [
        {"metrics": {"test": {"n": "many"}}},
        {"metrics": {"test": {"n": 3, "accuracy": "high"}}},
        {"metrics": [1]},
        {"dataset": "faces"},
        {"config": [1]},
        {"dataset": {"train": {"faces": 3}}},
        {"temperature": "warm"},
        {"parameters": "many"},
    ],
)
def test_what_this_product_has_not_written(content):
    with pytest.raises(ModelError, match="The card of the model 'mine' cannot be told"):
        card_text(card(content))
