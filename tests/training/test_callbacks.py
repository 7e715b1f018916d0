"""What the seams of the training loop write, without any training."""

import json
from types import SimpleNamespace

import pytest

from emotion.errors import TrainingError
from emotion.training import callbacks
from emotion.training.metrics import read_all, read_metrics, read_progress

LOGS = {"loss": 1.0, "accuracy": 0.5, "val_loss": 1.1, "val_accuracy": 0.4}


class Asked:
    """A control that asks to stop from the given batch on."""

    def __init__(self, after: int | None = None) -> None:
        self.after, self.batches = after, 0

    def stop_requested(self) -> bool:
        self.batches += 1
        return self.after is not None and self.batches > self.after

    def message(self, text: str) -> None:
        raise AssertionError("callbacks say nothing")


def stop_callback(after: int | None = None) -> callbacks.StopOnRequest:
    stop = callbacks.StopOnRequest(Asked(after))
    stop.set_model(SimpleNamespace(stop_training=False))
    return stop


def log(path, stop=None, keep_epochs=0) -> callbacks.MetricsLog:
    made = callbacks.MetricsLog(
        path, stop or stop_callback(), batches=10, batch_size=4, keep_epochs=keep_epochs
    )
    made.set_model(SimpleNamespace(optimizer=SimpleNamespace(learning_rate=0.1)))
    return made


def test_a_stop_ends_the_epoch_after_the_batch():
    stop = stop_callback(after=1)
    stop.on_train_batch_end(0)
    assert not stop.asked
    stop.on_train_batch_end(1)
    assert stop.asked
    assert stop.cut_epoch_short
    assert stop.model.stop_training


def test_a_stop_during_the_validation_keeps_the_epoch():
    stop = stop_callback(after=0)
    stop.on_epoch_end(0)
    assert stop.asked
    assert stop.model.stop_training
    assert not stop.cut_epoch_short


def run_epoch(log: callbacks.MetricsLog, epoch: int, monkeypatch) -> None:
    """Let an epoch of ten batches pass, one a second."""
    clock = iter(range(1000))
    monkeypatch.setattr("emotion.training.callbacks.time.perf_counter", lambda: float(next(clock)))
    log.on_epoch_begin(epoch)
    for batch in range(10):
        log.on_train_batch_end(batch, LOGS)
    log.on_epoch_end(epoch, LOGS)


def test_metrics_of_epochs_and_batches(tmp_path, monkeypatch):
    path = tmp_path / "metrics.jsonl"
    written = log(path)
    for epoch in range(2):
        run_epoch(written, epoch, monkeypatch)
    epochs, batches = read_all(path)
    assert [record["epoch"] for record in epochs] == [1, 2]
    assert epochs[0] == LOGS | {
        "epoch": 1, "learning_rate": 0.1, "images_per_second": 4.0, "seconds": 11.0
    }  # fmt: skip
    assert [record["batch"] for record in batches] == [*range(2, 11)] * 2
    assert {record["batches"] for record in batches} == {10}
    assert read_progress(path) is None  # the last epoch is done


def test_a_resumed_run_removes_the_lines_it_will_write_again(tmp_path, monkeypatch):
    path = tmp_path / "metrics.jsonl"
    written = log(path)
    for epoch in range(3):
        run_epoch(written, epoch, monkeypatch)
    log(path, keep_epochs=1)
    epochs, batches = read_all(path)
    assert {record["epoch"] for record in epochs} == {record["epoch"] for record in batches} == {1}


def test_an_epoch_cut_short_is_not_noted(tmp_path):
    stop = stop_callback(after=0)
    written = log(tmp_path / "metrics.jsonl", stop)
    written.on_epoch_begin(0)
    stop.on_train_batch_end(0)
    written.on_epoch_end(0, LOGS)
    assert read_metrics(tmp_path / "metrics.jsonl") == []


@pytest.mark.parametrize(
    "half", ['{"epoch": 2, "lo', '{"epoch": 2}x', "[]", "nonsense", "\x00\x00", '{"epoch": "2"}']
)
def test_a_line_cut_short_by_a_crash_spoils_no_other(tmp_path, monkeypatch, half):
    path = tmp_path / "metrics.jsonl"
    written = log(path)
    run_epoch(written, 0, monkeypatch)
    with path.open("a", encoding="utf-8") as file:
        file.write(half)
    assert [record["epoch"] for record in read_metrics(path)] == [1]
    assert read_progress(path) is None
    log(path, keep_epochs=1).on_epoch_end(1, LOGS)
    assert [record["epoch"] for record in read_metrics(path)] == [1, 2]


def test_progress_is_the_newest_line_of_the_running_epoch(tmp_path):
    path = tmp_path / "metrics.jsonl"
    assert read_progress(path) is None
    rest = {"batches": 5, "loss": 1.0, "accuracy": 0.5, "learning_rate": 0.1, "at": 0.0}
    lines = [{"epoch": 1, "batch": 3} | rest, {"epoch": 1}, {"epoch": 2, "batch": 5} | rest]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert read_progress(path) == lines[-1]


@pytest.mark.parametrize(
    "damaged", ['{"epoch": 2}', '{"epoch": 2, "batch": 1}', '{"epoch": 2, "loss": "x"}', "7"]
)
def test_a_line_that_is_not_whole_is_left_out(tmp_path, damaged):
    path = tmp_path / "metrics.jsonl"
    log(path).on_epoch_end(0, LOGS)
    with path.open("a", encoding="utf-8") as file:
        file.write(damaged + "\n")
    epochs, batches = read_all(path)
    assert ([line["epoch"] for line in epochs], batches) == ([1], [])
    assert read_progress(path) is None


@pytest.mark.parametrize(
    ("accuracies", "patience", "stalled"),
    [
        ([], 3, False),
        ([0.5], 1, False),
        ([0.5, 0.4], 1, True),
        ([0.5, 0.5], 1, True),
        ([0.5, 0.4, 0.6], 1, False),
        ([0.5, 0.6, 0.4, 0.4], 3, False),
        ([0.5, 0.6, 0.4, 0.4, 0.6], 3, True),
        ([0.6, 0.5, 0.4], 0, False),
    ],
)
def test_stalled(accuracies, patience, stalled):
    assert callbacks.has_stalled([{"val_accuracy": value} for value in accuracies], patience) is stalled


@pytest.mark.parametrize("name", ["loss", "val_loss"])
def test_a_loss_that_is_no_number_ends_the_run(name):
    with pytest.raises(TrainingError, match="diverged"):
        callbacks.StopOnDivergence().on_epoch_end(0, LOGS | {name: float("nan")})


@pytest.mark.parametrize("names", [[], ["epoch-0002", "epoch-0010"], ["epoch-0003", ".partial-epoch-0004"]])
def test_the_newest_checkpoint(tmp_path, names):
    for name in names:
        (tmp_path / f"{name}.weights.h5").touch()
    found = callbacks.newest_checkpoint(tmp_path)
    whole = [name for name in names if not name.startswith(".")]
    assert (found and found[1]) == (int(whole[-1][-4:]) if whole else None)
