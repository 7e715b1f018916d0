"""Imports in the background: with work of the test's own, and once with a real import."""

import threading

import pytest

from emotion.dataset import store
from emotion.dataset.face_dataset import DatasetError, SkippedItem
from emotion.dataset.import_jobs import ImportJobs, JobState, JobStatus, progress_text
from emotion.dataset.importing import ImportCancelled, ImportProgress, ImportReport, import_dataset
from emotion.dataset.stored_dataset import DatasetDescription
from tests.helpers import PATIENCE, faces_by_name, zip_bytes

REPORT = ImportReport(
    DatasetDescription("mine", "mine.zip", "", "", "0" * 16, {}, 1, False), (SkippedItem("a", "b"),)
)


class SlowWork:
    """Does nothing until it is told how to end."""

    def __init__(self):
        self.started, self.go_on = threading.Event(), threading.Event()

    def __call__(self, on_progress, is_cancelled):
        on_progress(ImportProgress(30, 120, 2.0))
        self.started.set()
        assert self.go_on.wait(PATIENCE)
        if is_cancelled():
            raise ImportCancelled("cancelled")
        return REPORT


@pytest.fixture
def jobs():
    return ImportJobs()


@pytest.fixture
def slow(jobs):
    work = SlowWork()
    cleaned = []
    jobs.start("mine.zip", work, lambda: cleaned.append(True))
    work.cleaned = cleaned
    assert work.started.wait(PATIENCE)
    yield work
    work.go_on.set()
    jobs.wait(PATIENCE)


def test_nothing_runs_at_first(jobs):
    assert jobs.status() is None
    assert jobs.wait() is None
    jobs.cancel()
    jobs.dismiss()


def test_progress_and_end(jobs, slow):
    status = jobs.status()
    assert status.title == "mine.zip"
    assert status.state is JobState.RUNNING
    assert status.share == 0.25
    assert not slow.cleaned
    slow.go_on.set()
    status = jobs.wait(PATIENCE)
    assert status.state is JobState.DONE
    assert status.report is REPORT
    assert slow.cleaned == [True]
    jobs.dismiss()
    assert jobs.status() is None


def test_cancel(jobs, slow):
    jobs.cancel()
    assert jobs.status().is_cancelling
    assert progress_text(jobs.status()) == "Stopping …"
    slow.go_on.set()
    status = jobs.wait(PATIENCE)
    assert status.state is JobState.CANCELLED
    assert status.report is None
    assert status.error is None
    assert not status.is_cancelling
    assert slow.cleaned == [True]


def test_one_at_a_time(jobs, slow):
    with pytest.raises(DatasetError, match=r"mine\.zip is being imported"):
        jobs.start("other.zip", lambda *_: REPORT)
    jobs.dismiss()  # a running import is not forgotten
    assert jobs.status().title == "mine.zip"
    slow.go_on.set()
    jobs.wait(PATIENCE)
    jobs.start("other.zip", lambda *_: REPORT)
    assert jobs.wait(PATIENCE).title == "other.zip"


@pytest.mark.parametrize(
    ("error", "sentence"),
    [(DatasetError("There is no face."), "There is no face."), (ZeroDivisionError("oops"), "nobody foresaw")],
)
def test_failures_become_a_sentence(jobs, error, sentence):
    def work(on_progress, is_cancelled):
        raise error

    def clean_up():
        raise PermissionError("and that fails too")

    jobs.start("bad.zip", work, clean_up)
    status = jobs.wait(PATIENCE)
    assert status.state is JobState.FAILED
    assert sentence in status.error
    assert "oops" not in status.error
    jobs.start("next.zip", lambda *_: REPORT)
    assert jobs.wait(PATIENCE).state is JobState.DONE


@pytest.mark.parametrize(
    ("progress", "share", "text"),
    [
        (None, None, "Getting ready …"),
        (ImportProgress(5, None, 1.0), None, "5 faces so far"),
        (ImportProgress(0, 0, 0.0), None, "0 faces so far"),
        (ImportProgress(0, 2000, 0.0), 0.0, "0 of 2,000"),
        (ImportProgress(1000, 2000, 8.0), 0.5, "1,000 of 2,000 · about 8 s left"),
        (ImportProgress(1999, 2000, 8.0), 0.9995, "1,999 of 2,000 · about 1 s left"),
    ],
)
def test_progress_in_words(progress, share, text):
    status = JobStatus("mine.zip", JobState.RUNNING, progress)
    assert status.share == share
    assert progress_text(status) == text


def test_a_real_import(jobs, tmp_path):
    source = tmp_path / "mine.zip"
    source.write_bytes(zip_bytes(faces_by_name(14) | {"train/happy/broken.png": b"no picture"}))
    jobs.start(source.name, lambda *callbacks: import_dataset(source, None, *callbacks))
    status = jobs.wait(PATIENCE)
    assert status.state is JobState.DONE
    assert status.progress.done == status.progress.total == 15
    assert len(status.report.skipped) == 1
    assert store.open_dataset("mine").description.faces == 14
