"""What the form says of a run before it: how long it takes, and its network."""

from dataclasses import replace

from emotion.dataset import store
from emotion.dataset.importing import import_dataset
from emotion.jobs.jobs import Jobs
from emotion.jobs.status import JobState, JobStatus, duration
from emotion.runs.run import RunStatus
from emotion.training.config import RunConfig
from emotion.training.pace import LayerRow, NetworkDescription, Pace
from pages.training import estimate
from pages.training.estimate import count_faces
from tests.helpers import faces_by_name, write_folder
from tests.pages.helpers import new_app, texts
from tests.pages.training.helpers import QUICK, add_run, buttons, open_page, table_with

PACE = Pace(0.5, 0.01, 10.0, 5.0, 256.0, "CPU", "float32", 1_700_000_000.0)


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


def test_count_faces(tmp_path):
    files = faces_by_name(20) | faces_by_name(6, "test", 1)
    import_dataset(write_folder(tmp_path / "two", files), "two")
    description = store.open_dataset("two").description
    assert count_faces(RunConfig(validation_share=0.1), description) == (18, 2)
    import_dataset(write_folder(tmp_path / "three", files | faces_by_name(5, "validation", 2)), "three")
    assert count_faces(RunConfig(), store.open_dataset("three").description) == (20, 5)
