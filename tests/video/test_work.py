"""A film recorded by a job: what it tells, and what is left when it is cancelled."""

import av
import pytest

from emotion.cli.main import _parser
from emotion.cli.video import _options
from emotion.jobs.jobs import Jobs
from emotion.jobs.status import JobState
from emotion.recordings import store
from emotion.recordings.recording import RecordingState
from emotion.video.recorder import RecordingOptions
from emotion.video.sampling import Sampling
from emotion.video.work import LIMITS, arguments
from tests.helpers import PATIENCE, wait_until
from tests.video.films import ANNA, BEN, acted_film, looped, shots

pytestmark = pytest.mark.slow

OPTIONS = [
    RecordingOptions(),
    RecordingOptions(Sampling(fps=0.1, start=0.1, end=1 / 3), "--name", "-m", 0.3, 'it\'s = "said"\n'),
    RecordingOptions(Sampling(every=7), consent="-x"),
]


@pytest.mark.parametrize("options", OPTIONS, ids=["plain", "odd", "every"])
def test_the_command_means_what_was_asked_for(options, tmp_path):
    parsed = _parser().parse_args(arguments(tmp_path / "-a film.mp4", options, tmp_path / "out.mp4"))
    assert _options(parsed) == options
    assert parsed.files == [tmp_path / "-a film.mp4"]
    assert parsed.annotated == tmp_path / "out.mp4"


def start(path, options, annotated=None):
    jobs = Jobs()
    assert jobs.start("film", "Recording", arguments(path, options, annotated), LIMITS)
    return jobs


def test_a_job_records_and_hands_over_the_name(tmp_path):
    path = acted_film(tmp_path / "film.mp4")
    status = start(path, RecordingOptions(Sampling(fps=2)), tmp_path / "out.mp4").wait("film", PATIENCE)
    assert (status.state, status.error) == (JobState.DONE, None)
    assert status.result == {"recordings": ["film"]}
    assert (status.done, status.total) == (12, 12)
    assert store.open_recording("film").people == 2
    with av.open(str(tmp_path / "out.mp4")) as film:
        assert film.streams.video[0].frames == 60


def test_a_cancelled_job_keeps_what_is_there(tmp_path):
    # Long enough that it is not over before somebody can cancel it.
    short = shots(tmp_path / "short.mp4", (1, (ANNA, "happy", 0, 60), (BEN, "sad", 240, 60)), rate=30)
    path = looped(tmp_path / "long.mp4", short, 600)
    jobs = start(path, RecordingOptions(Sampling()))
    wait_until(lambda: jobs.status("film").done > 20)
    jobs.cancel("film")
    assert jobs.wait("film", PATIENCE).state is JobState.CANCELLED
    recording = store.open_recording("long")
    assert recording.state is RecordingState.INTERRUPTED
    assert len(store.read_frames("long")) == recording.frames >= 20


def test_a_job_that_cannot_read_the_film_says_why(tmp_path):
    path = tmp_path / "film.mp4"
    path.write_text("no film")
    status = start(path, RecordingOptions()).wait("film", PATIENCE)
    assert status.state is JobState.FAILED
    assert "is not a film" in status.error
    assert store.list_recordings() == []


def test_a_broken_film_is_a_failed_job_with_a_recording(tmp_path):
    whole = shots(tmp_path / "whole.mp4", (9, (ANNA, "happy", 0, 60)), header={"movflags": "faststart"})
    data = whole.read_bytes()
    whole.write_bytes(data[: len(data) * 3 // 4])
    status = start(whole, RecordingOptions(Sampling(fps=2))).wait("film", PATIENCE)
    assert status.state is JobState.FAILED
    assert "seconds" in status.error
    assert status.result == {"recordings": ["whole"]}
