"""One run, watched: its state, its progress, and what can be done with it."""

import psutil
import pytest

from emotion.runs import actions
from emotion.runs.run import RunStatus
from pages.training.progress import UsageMeter, measure
from tests.pages.helpers import texts
from tests.pages.training.helpers import add_run, batch, buttons, epoch, open_page, view, write_metrics


@pytest.mark.parametrize("name", ["Watch", "All runs"])
def test_views_without_a_run(name):
    app = open_page()
    app.segmented_control(key="training-view").set_value(name).run()
    assert not app.exception
    assert "Nothing has been trained yet" in texts(app)


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


def test_downloads_are_offered():
    run = add_run(RunStatus.FINISHED)
    app = open_page(run=run.id)
    assert [button.label for button in app.download_button] == ["Curves (CSV)", "Whole run (zip)"]


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
