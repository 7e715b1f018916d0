"""The form of a new run: what is offered, refused, set and started."""

import math

import numpy as np
import pytest

from emotion import paths
from emotion.dataset import store
from emotion.dataset.importing import import_dataset
from emotion.models import registry
from emotion.runs import actions
from emotion.runs.run import RunStatus
from emotion.training.config import SETTINGS
from emotion.training.presets import PRESETS
from pages.shared.setting import parse_numbers
from pages.training.start import free_name
from tests.helpers import faces_by_name, write_folder
from tests.pages.helpers import texts
from tests.pages.training.helpers import QUICK, add_run, buttons, open_page, setting, view

WIDGETS = ("number_input", "slider", "toggle", "selectbox", "multiselect", "text_input")


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
        ("small", {"schedule": "constant"}, {"schedule": "constant"}),
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
    app.radio(key="training-preset").set_value("small").run()
    app.session_state["training-small-0-targets"] = "both"  # with teachers, all settings do something
    app.run()
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


@pytest.mark.parametrize(
    ("name", "taken", "expected"),
    [("a", [], "a"), ("a", ["b"], "a"), ("a", ["a"], "a 2"), ("a", ["a", "a 2", "a 4"], "a 3")],
)
def test_free_name(name, taken, expected):
    assert free_name(name, taken) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("8 · 16,", (8, 16)), ("32, 64", (32, 64)), ("", ()), ("8.5", "8.5"), ("-8", "-8"), ("a", "a")],
)
def test_numbers_in_a_text(text, expected):
    assert parse_numbers(text) == expected


def test_a_number_too_long_to_read_stays_text():
    text = "32, " + 5000 * "9"
    assert parse_numbers(text) == text
