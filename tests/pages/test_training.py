"""The page of training, as Streamlit runs it, without a browser; what trains here only sleeps."""

import json
import math
import shutil
from dataclasses import replace

import numpy as np
import psutil
import pytest
from streamlit.testing.v1 import AppTest

from emotion import paths
from emotion.dataset import store
from emotion.dataset.importing import import_dataset
from emotion.evaluation.metrics import evaluate_probabilities
from emotion.evaluation.report import Report
from emotion.jobs.jobs import Jobs
from emotion.jobs.status import JobState, JobStatus
from emotion.labels import EMOTIONS
from emotion.models import registry
from emotion.runs import actions
from emotion.runs.run import Run, RunStatus
from emotion.runs.store import RunStore
from emotion.training.config import SETTINGS, RunConfig
from emotion.training.data import load_dataset
from emotion.training.pace import LayerRow, NetworkDescription, Pace
from emotion.training.presets import PRESETS
from pages.shared.setting import parse_numbers
from pages.training import estimate
from pages.training.compare import comparison_table, distinct_names
from pages.training.estimate import count_faces
from pages.training.progress import UsageMeter, measure
from pages.training.result import Predictions, read_predictions
from pages.training.runs import find_runs
from pages.training.start import free_name
from pages.training.words import differences, duration, setting_texts
from tests.helpers import faces_by_name, write_folder
from tests.pages.helpers import new_app, texts

QUICK = PRESETS["quick"]
CONFIG = replace(QUICK, synthetic_faces=70, epochs=6, batch_size=128)
WIDGETS = ("number_input", "slider", "toggle", "selectbox", "multiselect", "text_input")
PACE = Pace(0.5, 0.01, 10.0, 5.0, 256.0, "CPU", "float32", 1_700_000_000.0)
pytestmark = pytest.mark.usefixtures("sleepers")


@pytest.fixture(autouse=True)
def asked(monkeypatch) -> list[tuple[str, RunConfig]]:
    """What Keras was asked; it does not answer here, as starting it takes longer than all these tests."""
    questions: list[tuple[str, RunConfig]] = []

    def start(self, key, title, arguments, limits, lane, folder):
        questions.append((arguments[-1], RunConfig.from_json((folder / "config.json").read_text())))
        shutil.rmtree(folder)

    monkeypatch.setattr(Jobs, "start", start)
    return questions


def epoch(number: int, accuracy: float = 0.1) -> dict:
    return {
        "epoch": number,
        "loss": 2 / number,
        "accuracy": accuracy * number,
        "val_loss": 2.5 / number,
        "val_accuracy": accuracy * number - 0.02,
        "learning_rate": 0.05,
        "seconds": 3.0,
        "images_per_second": 400.0,
    }


def batch(number: int, in_epoch: int, at: float = 0.0) -> dict:
    return {
        "epoch": in_epoch,
        "batch": number,
        "batches": 10,
        "loss": 1.0,
        "accuracy": 0.3,
        "learning_rate": 0.04,
        "images_per_second": 300.0,
        "at": at,
    }


def write_metrics(run: Run, *lines: dict) -> None:
    (run.folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def add_run(
    status: RunStatus, name: str = "mine", epochs: int = 2, config: RunConfig = CONFIG, **columns
) -> Run:
    """A run as its process, or its end, would have left it; a queued one waits behind another."""
    run = actions.submit(config, "quick", name=name)
    if epochs:
        write_metrics(run, *(epoch(number + 1) for number in range(epochs)))
        columns = {"epoch": epochs, "val_accuracy": 0.1 * epochs - 0.02} | columns
    with RunStore(run.root).transaction() as transaction:
        if status not in (RunStatus.QUEUED, RunStatus.RUNNING):
            transaction.move(run.id, status)
        transaction.change(run.id, **({"name": name} | columns))
    return actions.get_run(run.id)


def add_finished(name: str = "mine", config: RunConfig = CONFIG, wrong: int = 3) -> Run:
    """A run with a model and predictions for the test, some of them wrong."""
    run = add_run(RunStatus.FINISHED, name, config=config)
    faces = load_dataset(config)
    indices = np.flatnonzero(faces.splits == "test")
    labels = faces.labels[indices]
    probabilities = np.full((len(indices), 7), 0.02, np.float32)
    answers = labels.copy()
    answers[:wrong] = (answers[:wrong] + 1) % 7
    probabilities[np.arange(len(indices)), answers] = 0.88
    np.savez(
        run.folder / "predictions.npz",
        test_indices=indices,
        test_labels=labels,
        test_probabilities=probabilities,
    )
    report = evaluate_probabilities(probabilities, labels)
    result = {
        "best_epoch": 2,
        "epochs": 2,
        "temperature": 1.0,
        "device": "2 GPUs",
        "metrics": {"test": report.figures()},
    }
    (run.folder / "result.json").write_text(json.dumps(result))
    shutil.copytree(paths.shipped_models_folder() / "crowd", run.folder / "model")
    return run


def open_page(**address: str) -> AppTest:
    app = new_app("training")
    for name, value in address.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def buttons(app) -> dict:
    return {button.label: button for button in app.button}


def table_with(app, column: str):
    return next(frame.value for frame in app.dataframe if column in frame.value.columns)


def view(app) -> str:
    return app.segmented_control(key="training-view").value


def setting(app, name: str, preset: str = "quick", version: int = 0):
    return app.session_state[f"training-{preset}-{version}-{name}"]


def test_a_newcomer_needs_one_press():
    app = open_page()
    assert app.title[0].value == "Training"
    assert view(app) == "New run"
    assert app.radio(key="training-preset").value == "quick"
    assert app.selectbox(key="training-dataset-quick").value == "synthetic"
    primary = [button for button in app.button if button.proto.type == "primary"]
    assert [button.label for button in primary] == ["Start training"]
    primary[0].click().run()
    assert not app.exception
    # What has just been started is there at once, before there is anything to draw.
    assert view(app) == "Watch"
    (run,) = actions.list_runs()
    assert run.status is RunStatus.RUNNING
    assert (run.name, run.preset) == ("quick", "quick")
    assert run.config == PRESETS["quick"]
    assert app.query_params["run"] == run.id
    assert "Starting" in texts(app)


@pytest.mark.parametrize("name", ["Watch", "All runs"])
def test_views_without_a_run(name):
    app = open_page()
    app.segmented_control(key="training-view").set_value(name).run()
    assert not app.exception
    assert "Nothing has been trained yet" in texts(app)


def test_the_second_run_of_a_name_is_told_apart():
    add_run(RunStatus.FINISHED, "quick")
    app = open_page()
    buttons(app)["Start training"].click().run()
    assert {run.name for run in actions.list_runs()} == {"quick", "quick 2"}


@pytest.mark.parametrize(
    ("preset", "changes", "expected"),
    [
        (
            "quick",
            {"epochs": 3, "batch_size": 32, "early_stopping": 5, "seed": 7, "precision": "bfloat16"},
            {"epochs": 3, "batch_size": 32, "early_stopping": 5, "seed": 7, "precision": "bfloat16"},
        ),
        ("quick", {"widths": "8, 16", "blocks": 2}, {"widths": (8, 16), "blocks": 2}),
        ("small", {"dropout": 45, "mixup": 0.3}, {"dropout": 0.45, "mixup": 0.3}),
        ("base", {"rotation": 120, "erasing": 0}, {"rotation": 120.0, "erasing": 0}),
        (
            "base",
            {"start_from": "crowd", "average_mirrored": False, "synthetic_faces": 140},
            {"start_from": "crowd", "average_mirrored": False, "synthetic_faces": 140},
        ),
        (
            "small",
            {"teachers": ["crowd", "large"], "teacher_share": 50},
            {"teachers": ("crowd", "large"), "teacher_share": 0.5},
        ),
        ("large", {"schedule": "constant"}, {"schedule": "constant"}),
    ],
)
def test_what_is_set_is_what_is_trained(preset, changes, expected):
    app = open_page()
    app.radio(key="training-preset").set_value(preset).run()
    for name, value in changes.items():
        app.session_state[f"training-{preset}-0-{name}"] = value
    app.text_input(key=f"training-name-{preset}").set_value("My run!").run()
    assert "Changed from the preset" in texts(app)
    buttons(app)["Start training"].click().run()
    assert not app.exception
    (run,) = actions.list_runs()
    assert run.name == "My run!"
    assert run.config == PRESETS[preset].changed(name="My-run", **expected)


def test_the_form_offers_exactly_what_is_accepted():
    app = open_page()
    app.radio(key="training-preset").set_value("small").run()  # all of its settings do something
    offered = 0
    for name, known in SETTINGS.items():
        if known.group == "Run":
            continue
        key = f"training-small-0-{name}" + "-sgd" * (name == "learning_rate")
        (widget,) = (found for kind in WIDGETS for found in app.get(kind) if found.key == key)
        assert (widget.label, widget.help) == (known.title, known.help)
        offered += 1
        if known.choices:
            assert len(widget.options) == len(known.choices)
        if known.kind in (int, float):
            scale = 100 if known.unit == "%" else 1
            step = widget.step if known.unit else 1 if known.kind is int else 5e-324
            assert (widget.max is None) == (known.highest is None)
            for end, beyond in ((widget.min, -step), (widget.max, step)):
                if end is not None:
                    assert known.refusal(known.kind(end / scale)) == ""
                    beyond = math.nextafter(end, beyond * math.inf) if abs(beyond) < 1 else end + beyond
                    assert known.refusal(known.kind(beyond / scale))
    assert offered == len(SETTINGS) - 3


def test_what_does_nothing_is_not_offered():
    app = open_page()
    assert "training-quick-0-momentum" not in app.session_state  # its optimiser is Adam
    assert "training-quick-0-teacher_share" not in app.session_state
    app.session_state["training-quick-0-optimizer"] = "sgd"
    app.session_state["training-quick-0-teachers"] = ["large"]
    app.run()
    assert not app.exception
    assert setting(app, "momentum") == QUICK.momentum
    assert setting(app, "teacher_share") == round(100 * QUICK.teacher_share)


def test_another_optimiser_brings_its_usual_rate():
    app = open_page()
    assert QUICK.optimizer != "adamw"
    app.session_state["training-quick-0-optimizer"] = "adamw"
    app.run()
    buttons(app)["Start training"].click().run()
    config = actions.list_runs()[0].config
    assert (config.optimizer, config.learning_rate) == ("adamw", 0.001)


def test_back_to_the_preset():
    app = open_page()
    app.session_state["training-quick-0-epochs"] = 99
    app.run()
    assert f"Epochs 99 ({QUICK.epochs})" in texts(app).replace("\\", "")
    app.button(key="training-reset-quick").click().run()
    assert setting(app, "epochs", version=1) == QUICK.epochs
    assert "Changed from the preset" not in texts(app)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("widths", "thirty", "must be whole numbers, not 'thirty'"),
        ("widths", "", "1 to 4 whole numbers, each at least 1"),
        ("widths", "8, 0", "1 to 4 whole numbers, each at least 1"),
    ],
)
def test_settings_that_make_no_sense(name, value, sentence):
    app = open_page()
    app.session_state[f"training-quick-0-{name}"] = value
    app.run()
    assert not app.exception
    assert sentence in texts(app).replace("\\", "")
    assert buttons(app)["Start training"].proto.disabled


def test_learning_from_votes_needs_votes(tmp_path):
    app = open_page()
    app.radio(key="training-preset").set_value("crowd-start").run()
    assert not app.exception
    assert "No dataset has people's votes" in texts(app)
    assert buttons(app)["Start training"].proto.disabled
    import_dataset(write_folder(tmp_path / "faces", faces_by_name(14)), "voted")
    names = store.open_dataset("voted").faces.names
    header = "image,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,not_a_face"
    store.attach_votes(
        "voted", "\n".join([header, *(f"{name},9,1,0,0,0,0,0,0,0,0" for name in names)]).encode()
    )
    app.run()
    assert app.selectbox(key="training-dataset-crowd-start").value == "voted"
    buttons(app)["Start training"].click().run()
    config = actions.list_runs()[0].config
    assert (config.dataset, config.targets) == ("voted", "votes")


def test_a_preset_that_builds_on_a_model_says_which_to_train_first():
    app = open_page()
    app.radio(key="training-preset").set_value("crowd").run()
    assert "train the preset 'crowd-start' first" in app.error[0].value.replace("\\", "")
    assert buttons(app)["Start training"].proto.disabled
    registry.add_model(paths.shipped_models_folder() / "crowd", "crowd-start")
    app.run()
    assert not app.error
    assert not app.exception


def test_presets_prefer_real_faces_and_offer_to_leave_out_excluded_ones(tmp_path):
    import_dataset(write_folder(tmp_path / "faces", faces_by_name(14)), "real")
    store.exclude("real", np.array([0]), "blurred")
    app = open_page()
    assert app.selectbox(key="training-dataset-quick").value == "synthetic"
    app.radio(key="training-preset").set_value("base").run()
    assert app.selectbox(key="training-dataset-base").value == "real"
    assert app.toggle(key="training-exclusions-real").value is True
    buttons(app)["Start training"].click().run()
    config = actions.list_runs()[0].config
    assert (config.dataset, config.honour_exclusions) == ("real", True)


def test_the_estimate_waits_until_the_choice_has_settled(asked):
    app = open_page()
    assert asked == []
    app.session_state["training-quick-0-epochs"] = 7
    app.run()
    assert asked == []
    app.run()
    assert asked == [("--estimate", replace(QUICK, epochs=7))]


def test_nothing_is_measured_beside_a_run_unless_asked(asked):
    add_run(RunStatus.RUNNING)
    app = open_page(show="new")
    app.segmented_control(key="training-view").set_value("New run").run()
    app.run()
    assert asked == []
    assert "This one starts" in texts(app) or "this one starts" in texts(app)
    app.button(key="training-Measure beside it").click().run()
    assert [option for option, _ in asked] == ["--estimate"]


def test_a_full_disk_is_told_where_the_estimate_would_stand(monkeypatch, asked):
    def refuse(**options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pages.shared.jobs.tempfile.mkdtemp", refuse)
    monkeypatch.setattr(estimate, "app_jobs", Jobs)
    app = new_app("training").run().run()
    assert not app.exception
    assert "No space left on device" in app.error[0].value


def test_the_estimate(monkeypatch):
    monkeypatch.setattr(estimate, "known_pace", lambda config: PACE)
    app = open_page()
    # As many as are drawn: 1750 of 2100 for training, 174 of them for validation, make 49 batches an epoch.
    expected = duration(10 + QUICK.epochs * (49 * 0.5 + 174 * 0.01) + 5)
    assert f"**About {expected}** on this machine" in texts(app)
    assert "on CPU" in texts(app)
    assert f"Here: about {expected}" in str(app.radio(key="training-preset").proto.captions)


def test_an_estimate_that_cannot_be_had(monkeypatch, asked):
    failed = JobStatus("a", "A", JobState.FAILED, error="Keras did not start.")
    monkeypatch.setattr(Jobs, "status", lambda self, key: failed)
    app = open_page()
    assert "Keras did not start" in texts(app)
    assert asked == []
    buttons(app)["Measure again"].click().run()
    assert [option for option, _ in asked] == ["--estimate"]
    assert not buttons(app)["Start training"].proto.disabled


def test_the_network(monkeypatch):
    rows = (LayerRow("face", "InputLayer", (48, 48, 1), 0, 0), LayerRow("logits", "Dense", (7,), 455, 448))
    description = NetworkDescription(rows, 80_479, 7_000_000)
    monkeypatch.setattr(estimate, "known_description", lambda config: description)
    app = open_page()
    app.session_state["training-network"] = True
    app.run()
    assert not app.exception
    assert {metric.label: metric.value for metric in app.metric} == {
        "Parameters": "80,479",
        "Operations": "7 M",
        "Layers": "2",
    }
    table = table_with(app, "layer")
    assert table["output"].tolist() == ["48 × 48 × 1", "7"]


@pytest.mark.parametrize(
    ("status", "name", "offered"),
    [
        (RunStatus.RUNNING, "Training", {"Stop"}),
        (RunStatus.STOPPING, "Stopping", {"Stopping …"}),
        (RunStatus.STOPPED, "Stopped", {"Resume", "Make a model of it", "Delete it"}),
        (RunStatus.INTERRUPTED, "Interrupted", {"Resume", "Make a model of it", "Delete it"}),
        (RunStatus.FAILED, "Failed", {"Resume", "Make a model of it", "Delete it"}),
        (RunStatus.FINISHED, "Finished", {"Use this model", "Delete it"}),
    ],
)
def test_what_a_run_offers(status, name, offered):
    run = add_run(status)
    (run.folder / "best.weights.h5").write_bytes(b"weights")
    app = open_page(run=run.id)
    assert view(app) == "Watch"
    assert name in texts(app)
    known = {"Stop", "Stopping …", "Resume", "Make a model of it", "Use this model", "Delete it", "Cancel"}
    assert known & set(buttons(app)) == offered
    assert len(app.get("bidi_component")) == 3  # accuracy, loss, learning rate


def test_without_a_finished_epoch_there_is_no_model_to_make():
    run = add_run(RunStatus.STOPPED, epochs=0)
    app = open_page(run=run.id)
    assert "Make a model of it" not in buttons(app)
    assert "there are no curves" in texts(app)


def test_progress_in_words():
    run = add_run(RunStatus.RUNNING, activity="Training on CPU …")
    write_metrics(run, epoch(1), epoch(2), batch(5, 3))
    app = open_page()
    assert view(app) == "Watch"  # who comes back finds the run that is at work
    bars = [str(bar.proto.text) for bar in app.get("progress")]
    assert bars[0].startswith("Epoch 3 of 6")
    assert "about 10 s left" in bars[0]  # 3.5 epochs of 3 s
    assert "Batch 5 of 10" in bars[1]
    metrics = {metric.label: metric.value for metric in app.metric}
    assert metrics["Best validation accuracy"] == "18.0%"
    assert metrics["Learning rate"] == "0.04"
    assert metrics["Faces a second"] == "300"
    assert metrics["Memory"].endswith("GB")
    assert "Training on CPU" in texts(app)


def test_stop_and_go_on(sleepers):
    run = add_run(RunStatus.RUNNING)
    app = open_page(run=run.id)
    buttons(app)["Stop"].click().run()
    assert actions.get_run(run.id).status is RunStatus.STOPPING
    assert buttons(app)["Stopping …"].proto.disabled
    sleepers.finish(run.id, RunStatus.STOPPED)
    app.run()
    buttons(app)["Resume"].click().run()
    assert not app.exception
    assert actions.get_run(run.id).status is RunStatus.RUNNING


def test_the_queue():
    add_run(RunStatus.RUNNING, "first")
    second, third = add_run(RunStatus.QUEUED, "second"), add_run(RunStatus.QUEUED, "third")
    app = open_page(show="runs")
    states = app.dataframe[0].value["state"].tolist()
    assert states == ["Waiting · no. 2", "Waiting · no. 1", "Training"]
    app = open_page(run=third.id)
    assert "number 2 in the queue" in texts(app)
    buttons(app)["Earlier"].click().run()
    assert actions.queue_position(actions.get_run(third.id)) == 1
    assert "Earlier" not in buttons(app)
    buttons(app)["Cancel"].click().run()
    assert actions.get_run(third.id).status is RunStatus.STOPPED
    assert actions.queue_position(actions.get_run(second.id)) == 1


def test_a_failed_run_says_why_and_shows_its_log():
    run = add_run(RunStatus.FAILED, error="The disk is full.")
    (run.folder / "log.txt").write_text("first line\n" + "x" * 30_000 + "\nNo space left on device\n")
    app = open_page(run=run.id)
    assert "The disk is full" in app.error[0].value
    log = app.code[0].value
    assert "No space left" in log
    assert "first line" not in log


def test_make_a_model_of_a_stopped_run():
    run = add_run(RunStatus.STOPPED)
    (run.folder / "best.weights.h5").write_bytes(b"weights")
    app = open_page(run=run.id)
    buttons(app)["Make a model of it"].click().run()
    assert not app.exception
    assert actions.get_run(run.id).task == "export"


def test_rename_and_note():
    run = add_run(RunStatus.FINISHED)
    app = open_page(run=run.id)
    app.text_input(key=f"name-watch-{run.id}").set_value("Better *one*")
    app.text_area(key=f"note-watch-{run.id}").set_value("with more dropout")
    next(button for button in app.button if button.label == "Save").click().run()
    assert not app.exception
    run = actions.get_run(run.id)
    assert (run.name, run.note) == ("Better *one*", "with more dropout")
    assert "Better \\*one\\*" in texts(app)
    assert "with more dropout" in texts(app)


def test_a_name_that_cannot_be_says_why():
    run = add_run(RunStatus.FINISHED)
    app = open_page(run=run.id)
    app.text_input(key=f"name-watch-{run.id}").set_value("  ")
    next(button for button in app.button if button.label == "Save").click().run()
    assert "at least one letter" in app.error[0].value
    assert actions.get_run(run.id).name == "mine"


def test_delete_asks_first():
    run = add_run(RunStatus.STOPPED)
    app = open_page(run=run.id)
    assert "Delete **mine** with its curves and weights" in texts(app)
    assert run.folder.exists()
    buttons(app)["Delete it"].click().run()
    assert not app.exception
    assert actions.list_runs() == []
    assert not run.folder.exists()
    assert "Nothing has been trained yet" in texts(app)


def test_a_link_to_a_run_that_is_gone():
    add_run(RunStatus.FINISHED, "left")
    app = open_page(run="20200101-000000-gone")
    assert "it may have been deleted" in texts(app)
    assert "left" in texts(app)


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
    assert any(f"**{name}**" in str(item.value) for item in photos.sidebar.caption)


def test_a_model_that_cannot_be_used_says_why():
    run = add_run(RunStatus.FINISHED)  # its model is missing
    app = open_page(run=run.id)
    buttons(app)["Use this model"].click().run()
    assert not app.exception
    assert len(app.error) == 1
    assert registry.active_model() == "crowd"


def test_downloads_are_offered():
    run = add_run(RunStatus.FINISHED)
    app = open_page(run=run.id)
    assert [button.label for button in app.download_button] == ["Curves (CSV)", "Whole run (zip)"]


def test_the_list_of_runs():
    add_run(RunStatus.FAILED, "older", epochs=0)
    add_run(RunStatus.FINISHED, "newer")
    app = open_page(show="runs")
    assert view(app) == "All runs"
    table = app.dataframe[0].value
    assert table["name"].tolist() == ["newer", "older"]
    assert table["state"].tolist() == ["Finished", "Failed"]
    assert table["epochs"].tolist() == ["2 of 6", "0 of 6"]
    app.pills(key="training-states").set_value(["Failed"]).run()
    assert app.dataframe[0].value["name"].tolist() == ["older"]
    app.text_input(key="training-find").set_value("nothing").run()
    assert "No run passes" in texts(app)


def test_one_ticked_run_can_be_opened():
    run = add_run(RunStatus.FINISHED, "other")
    add_run(RunStatus.FINISHED, "newest")
    app = open_page(show="runs", compare=run.id)
    buttons(app)["Open"].click().run()
    assert view(app) == "Watch"
    assert app.query_params["run"] == run.id


def test_compare():
    one = add_run(RunStatus.FINISHED, "one")
    two = add_run(RunStatus.FINISHED, "two", epochs=1, config=replace(CONFIG, dropout=0.5, seed=3))
    app = open_page(show="runs", compare=f"{one.id},{two.id}")
    assert app.query_params["compare"] == f"{one.id},{two.id}"
    assert len(app.get("plotly_chart")) == 2
    table = table_with(app, "one")
    assert set(table.columns) == {"one", "two"}
    assert {"Dropout", "Seed", "Best validation accuracy"} <= set(table.index)
    assert "Learning rate" not in table.index
    app.segmented_control(key="training-part").set_value("training").run()
    assert not app.exception


def test_more_runs_than_a_chart_can_show():
    ids = [add_run(RunStatus.FINISHED, f"run {number}").id for number in range(7)]
    app = open_page(show="runs", compare=",".join(ids))
    assert "At most 6 runs" in texts(app)


def test_the_list_cannot_be_read():
    paths.runs_folder().mkdir(parents=True)
    (paths.runs_folder() / "runs.sqlite").write_text("this is no database, but long enough to be read" * 10)
    app = open_page()
    assert len(app.error) == 1


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0 s"),
        (99.4, "99 s"),
        (100, "2 min"),
        (3540, "59 min"),
        (3599, "1 h"),
        (4800, "1 h 20 min"),
        (90_000, "1 d 1 h"),
        (172_800, "2 d"),
        (float("inf"), "unknown"),
        (-5, "0 s"),
    ],
)
def test_duration(seconds, expected):
    assert duration(seconds) == expected


def test_every_setting_has_a_name_and_all_are_listed():
    listed = setting_texts(RunConfig())
    assert len(listed) == len(SETTINGS)
    assert listed["Channels of the stages"] == "48 · 96 · 192"
    assert listed["Mixed precision"] == "yes"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {}),
        ({"dropout": 0.5}, {"Dropout": ["30 %", "50 %"]}),
        ({"widths": (8,)}, {"Channels of the stages": ["48 · 96 · 192", "8"]}),
        ({"flip": False}, {"Augmentation: mirror half of them": ["yes", "no"]}),
    ],
)
def test_differences(changes, expected):
    assert differences([RunConfig(), RunConfig().changed(**changes)]) == expected


@pytest.mark.parametrize(
    ("epochs", "batches", "expected"),
    [
        ([], [], (1, 0.0, None)),
        ([], [batch(2, 1, 100.0)], (1, 0.05, None)),
        ([], [batch(2, 1, 100.0), batch(4, 1, 104.0)], (1, 0.1, 20 * 3.6)),
        ([epoch(1)], [batch(9, 1)], (2, 0.25, 9.0)),  # lines of an epoch that is over count no more
        ([epoch(1)], [batch(5, 2)], (2, 0.375, 7.5)),
        ([epoch(number) for number in (1, 2, 3, 4)], [], (4, 1.0, 0.0)),
    ],
)
def test_progress(epochs, batches, expected):
    progress = measure(epochs, batches, 4)
    assert (progress.epoch, progress.share, progress.seconds_left) == pytest.approx(expected)


def test_the_best_epoch():
    assert measure([epoch(1), epoch(3), epoch(2)], [], 9).best["epoch"] == 3


def test_usage_of_a_process_and_of_none():
    meter = UsageMeter()
    usage = meter.read(psutil.Process().pid)
    assert usage.memory > 10_000_000
    assert 0 <= meter.read(psutil.Process().pid).processor <= 1
    assert meter.read(2**22 + 1) is None


@pytest.mark.parametrize(
    ("text", "names", "expected"),
    [
        ("", None, ["a", "b"]),
        ("A", None, ["a"]),
        ("dropout", None, ["b"]),
        ("", ["Failed"], ["a"]),
        ("b", ["Failed"], []),
    ],
)
def test_find_runs(text, names, expected):
    known = [
        Run("1", "a", RunStatus.FAILED, dataset="x"),
        Run("2", "b", RunStatus.FINISHED, dataset="x", note="more Dropout"),
    ]
    assert [run.name for run in find_runs(known, text, names)] == expected


@pytest.mark.parametrize(
    ("name", "taken", "expected"),
    [("a", [], "a"), ("a", ["b"], "a"), ("a", ["a"], "a 2"), ("a", ["a", "a 2", "a 4"], "a 3")],
)
def test_free_name(name, taken, expected):
    assert free_name(name, taken) == expected


def test_names_of_compared_runs():
    twins = [
        Run("1", "a", RunStatus.FAILED),
        Run("2", "a", RunStatus.FAILED),
        Run("3", "b", RunStatus.FAILED),
    ]
    assert distinct_names(twins) == ["a (1)", "a (2)", "b"]


def test_the_table_keeps_the_accuracy_even_where_it_is_the_same():
    table = comparison_table([add_run(RunStatus.FINISHED, "one"), add_run(RunStatus.FINISHED, "two")])
    assert table.loc["Best validation accuracy"].tolist() == ["18.00%", "18.00%"]
    assert "State" not in table.index


@pytest.mark.parametrize(
    ("text", "expected"),
    [("8 · 16,", (8, 16)), ("32, 64", (32, 64)), ("", ()), ("8.5", "8.5"), ("-8", "-8"), ("a", "a")],
)
def test_numbers_in_a_text(text, expected):
    assert parse_numbers(text) == expected


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


def test_count_faces(tmp_path):
    files = faces_by_name(20) | faces_by_name(6, "test", 1)
    import_dataset(write_folder(tmp_path / "two", files), "two")
    description = store.open_dataset("two").description
    assert count_faces(RunConfig(validation_share=0.1), description) == (18, 2)
    import_dataset(write_folder(tmp_path / "three", files | faces_by_name(5, "validation", 2)), "three")
    assert count_faces(RunConfig(), store.open_dataset("three").description) == (20, 5)
