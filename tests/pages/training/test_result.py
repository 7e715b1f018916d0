"""What came of a finished run, and putting it to use."""

import json
from dataclasses import replace

import numpy as np
import pytest

from emotion.evaluation.report import Report
from emotion.labels import EMOTIONS
from emotion.models import registry
from emotion.runs import actions
from emotion.runs.run import RunStatus
from pages.training.result import Predictions, read_predictions
from tests.pages.helpers import new_app, texts
from tests.pages.training.helpers import CONFIG, add_finished, add_run, buttons, open_page, table_with


def test_a_finished_run_shows_what_came_of_it():
    run = add_finished()
    app = open_page(run=run.id)
    assert not app.exception
    metrics = {metric.label: metric.value for metric in app.metric}
    assert metrics["Accuracy"] == "75.0%"  # 3 of 12 wrong
    report = Report.from_figures(json.loads((run.folder / "result.json").read_text())["metrics"]["test"])
    assert metrics["Macro F1"] == f"{report.macro_f1:.1%}"
    assert metrics["Mean recall"] == f"{report.balanced_accuracy:.1%}"
    assert "12 faces, best weights of epoch 2, trained on 2 GPUs" in texts(app)
    table = table_with(app, "recall")
    assert table["class"].tolist() == list(EMOTIONS)
    assert table["recall"].tolist() == [100 * item["recall"] for item in report.per_class.values()]
    assert report.mistakes_in_words() in texts(app)
    assert "Below each face" in texts(app)
    # Accuracy, loss, learning rate; and the grid of faces.
    assert len(app.get("bidi_component")) == 4
    assert len(app.get("plotly_chart")) == 1  # the confusion matrix


def test_no_answer_is_wrong():
    app = open_page(run=add_finished(wrong=0).id)
    assert "Not one answer is wrong" in texts(app)
    assert "No class is mixed up" in texts(app)


def test_faces_of_a_path_are_not_shown(tmp_path):
    run = add_finished()
    config = replace(CONFIG, dataset=str(tmp_path / "faces.zip"))
    (run.folder / "config.json").write_text(config.to_json())
    assert "import the dataset" in texts(open_page(run=run.id))


def test_faces_that_have_changed_are_not_shown():
    run = add_finished()
    (run.folder / "config.json").write_text(replace(CONFIG, seed=5).to_json())
    assert "The dataset has changed since" in texts(open_page(run=run.id))


@pytest.mark.parametrize("content", ["", "{", '{"metrics": 3}', "[]"])
def test_a_damaged_result(content):
    run = add_run(RunStatus.FINISHED)
    (run.folder / "result.json").write_text(content)
    assert "cannot be read" in texts(open_page(run=run.id))


def test_damaged_settings():
    run = add_run(RunStatus.FINISHED)
    (run.folder / "config.json").write_text("{")
    assert "config\\.json cannot be read" in texts(open_page(run=run.id))


def test_use_this_model():
    run = add_finished()
    app = open_page(run=run.id)
    buttons(app)["Use this model"].click().run()
    assert not app.exception
    name = actions.get_run(run.id).model
    assert registry.active_model() == name
    assert f"In use as {name}" in texts(app)
    assert "Use this model" not in buttons(app)
    # The page for photographs predicts with it, too.
    photos = new_app().run()
    assert any(f"**{name}**" in str(item.value) for item in photos.caption)


def test_a_model_is_added_without_being_put_to_use():
    run = add_finished()
    app = open_page(run=run.id)
    buttons(app)["Add to the models"].click().run()
    assert not app.exception
    name = actions.get_run(run.id).model
    assert name in [card.name for card in registry.list_models()]
    assert registry.active_model() == "crowd"
    assert "Add to the models" not in buttons(app)
    assert f"Among the models as {name}" in texts(app)
    buttons(app)["Use this model"].click().run()
    assert registry.active_model() == actions.get_run(run.id).model == name


def test_a_model_that_cannot_be_used_says_why():
    run = add_run(RunStatus.FINISHED)  # its model is missing
    app = open_page(run=run.id)
    buttons(app)["Use this model"].click().run()
    assert not app.exception
    assert len(app.error) == 1
    assert registry.active_model() == "crowd"


def test_most_wrong_first():
    probabilities = np.full((4, 7), 0.05)
    probabilities[[0, 1, 2, 3], [0, 3, 3, 4]] = [0.9, 0.6, 0.8, 0.7]
    predictions = Predictions(np.arange(4), np.array([0, 1, 2, 4]), probabilities)
    assert predictions.most_wrong(5).tolist() == [2, 1]
    assert predictions.most_wrong(1).tolist() == [2]


def test_predictions_that_are_not_there(tmp_path):
    assert read_predictions(tmp_path / "none.npz", "test") is None
    (tmp_path / "broken.npz").write_bytes(b"PK broken")
    assert read_predictions(tmp_path / "broken.npz", "test") is None
    np.savez(tmp_path / "other.npz", validation_labels=np.zeros(1))
    assert read_predictions(tmp_path / "other.npz", "test") is None
    (tmp_path / "cut.npz").write_bytes((tmp_path / "other.npz").read_bytes()[:100])
    assert read_predictions(tmp_path / "cut.npz", "test") is None
