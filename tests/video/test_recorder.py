"""From films with a script to recordings: expressions, times, people, and what is left of failures."""

import subprocess
import sys
import tomllib

import numpy as np
import pytest

from emotion import paths
from emotion.faces.pose import head_pose
from emotion.recordings import store
from emotion.recordings.recording import RecordingError, RecordingState
from emotion.recordings.table import FACES
from emotion.video import recorder
from emotion.video.film import FilmError
from emotion.video.recorder import SOFTWARE, RecordingOptions, record_film
from emotion.video.sampling import Sampling
from tests.helpers import PATIENCE, wait_until
from tests.video.films import ANNA, BEN, CARL, acted_film, packet_times, scene, shots, write_film

pytestmark = pytest.mark.slow

ALL = Sampling()


def record(path, sampling=ALL, **options):
    recording = record_film(path, RecordingOptions(sampling, **options))
    return recording, store.read_faces(recording.name).to_pandas()


@pytest.fixture(scope="module")
def acted(tmp_path_factory):
    return acted_film(tmp_path_factory.mktemp("acted") / "two people.mp4")


def test_expressions_are_those_of_the_script(acted):
    recording, faces = record(acted, Sampling(fps=5))
    assert recording.state is RecordingState.FINISHED
    assert (recording.name, recording.people, recording.frames) == ("two-people", 2, 30)
    assert recording.problems == ()
    faces["act"] = (faces["seconds"] // 2).astype(int)
    shown = faces.groupby(["face", "act"])["verdict"].agg(lambda verdicts: verdicts.mode()[0])
    assert shown.tolist() == ["happy", "surprise", "sad", "sad", "surprise", "happy"]
    per_act = faces.groupby(["face", "act"])["verdict"].agg(
        lambda verdicts: (verdicts == verdicts.mode()[0]).mean()
    )
    assert per_act.min() >= 0.9
    assert faces.loc[faces.verdict == "happy", "valence"].min() > 0.2
    assert faces.loc[faces.verdict == "sad", "valence"].max() < -0.2


def test_times_and_boxes_are_those_of_the_film(acted):
    recording, faces = record(acted)
    times = packet_times(acted)
    frames = store.read_frames(recording.name).to_pandas()
    assert frames["seconds"].tolist() == pytest.approx(times, abs=1e-6)
    assert frames["frame"].tolist() == list(range(len(times)))
    assert (frames["faces"] == 2).all()
    anna = faces[faces.face == 1]
    assert (anna.x + anna.width / 2).between(60, 180).all()
    assert anna.reliable.all()
    assert anna.yaw.abs().max() < 30
    assert faces[list(FACES.names)[-10:-3]].sum(axis=1).to_numpy() == pytest.approx(1, abs=1e-4)


def test_what_a_recording_says_of_itself(acted):
    recording, faces = record(acted, Sampling(every=10), name="mine", consent="form 12", smoothing=0.5)
    assert (recording.name, recording.consent, recording.smoothing) == ("mine", "form 12", 0.5)
    assert recording.sampling == "one frame of 10"
    assert (recording.source.width, recording.source.height) == (480, 360)
    assert recording.source.bytes == acted.stat().st_size
    assert recording.source.sha256 == recorder.file_hash(acted)
    assert recording.model.name == "crowd"
    assert recording.model.accuracy > 0.8
    assert faces.smoothed.all()
    assert faces.utc.isna().all()
    version = tomllib.loads((paths.PROJECT / "pyproject.toml").read_text())["project"]["version"]
    assert version in SOFTWARE
    assert store.open_recording("mine") == recording


def test_the_time_of_day_comes_from_the_shots(tmp_path):
    path = shots(
        tmp_path / "a.mp4", (1, (ANNA, "happy", 0, 60)), metadata={"creation_time": "2026-05-04T03:02:01Z"}
    )
    recording, faces = record(path)
    assert recording.start == "2026-05-04T03:02:01+00:00"
    assert str(faces.utc.iloc[5]) == "2026-05-04 03:02:01.500000+00:00"


@pytest.mark.parametrize("sampling", [Sampling(), Sampling(fps=2), Sampling(fps=0.5)], ids=str)
def test_two_still_faces_keep_their_numbers_however_coarsely_one_looks(acted, sampling):
    recording, faces = record(acted, sampling)
    assert recording.people == 2
    assert (faces[faces.face == 1].x < 180).all()
    assert (faces[faces.face == 2].x > 180).all()


def test_two_still_faces_keep_their_numbers_when_frames_are_dropped(tmp_path):
    pictures = [scene((ANNA, "happy", 0, 60), (BEN, "sad", 240, 60))] * 60
    random = np.random.default_rng(0)
    times = np.cumsum(random.choice([1, 1, 1, 8, 40], 60)) / 30
    recording, faces = record(write_film(tmp_path / "gaps.mp4", pictures, times.tolist()))
    assert recording.people == 2
    assert (faces[faces.face == 1].x < 180).all()


@pytest.mark.parametrize("rate", [10, 2])
def test_after_an_absence_and_a_cut_everyone_gets_the_old_number(tmp_path, rate):
    anna, ben = (ANNA, "neutral", 0, 60), (BEN, "neutral", 240, 60)
    path = shots(
        tmp_path / "returns.mp4",
        (3, anna, ben),
        (4, ben),  # she leaves
        (3, (ANNA, "happy", 20, 80), ben),  # and comes back
        (3, (CARL, "neutral", 120, 60)),  # a cut to somebody else
        (3, (BEN, "happy", 0, 60), (ANNA, "sad", 240, 60)),  # and back, the two having changed places
    )
    _, faces = record(path, Sampling(fps=rate))

    def at(start, end, left):
        part = faces[(faces.seconds >= start) & (faces.seconds < end) & ((faces.x < 120) == left)]
        return set(part.face)

    assert (at(0, 3, True), at(0, 3, False)) == ({1}, {2})
    assert at(3, 7, False) == {2}
    assert (at(7, 10, True), at(7, 10, False)) == ({1}, {2})
    assert set(faces[(faces.seconds >= 10) & (faces.seconds < 13)].face) == {3}
    assert (at(13, 16, True), at(13, 16, False)) == ({2}, {1})


def test_somebody_else_in_the_same_place_gets_another_number(tmp_path):
    path = shots(tmp_path / "chair.mp4", (2, (ANNA, "neutral", 120, 60)), (2, (BEN, "neutral", 120, 60)))
    for sampling in (Sampling(), Sampling(fps=1)):
        _, faces = record(path, sampling)
        assert set(faces[faces.seconds < 2].face) == {1}
        assert set(faces[faces.seconds >= 2].face) == {2}


def test_a_film_without_faces_is_a_recording_without_rows(tmp_path):
    recording, faces = record(shots(tmp_path / "wall.mp4", (1,)))
    assert (recording.frames, recording.people, len(faces)) == (10, 0, 0)


@pytest.mark.parametrize("sampling", [Sampling(start=100), Sampling(start=0.95, end=0.99)], ids=str)
def test_a_part_without_pictures_leaves_nothing(tmp_path, sampling):
    path = shots(tmp_path / "short.mp4", (0.9, (ANNA, "happy", 0, 60)))
    with pytest.raises(FilmError, match="no picture in the part"):
        record(path, sampling)
    assert not list(paths.recordings_folder().glob("*"))


def test_names_are_free_or_refused(tmp_path):
    path = shots(tmp_path / "a film (1).mp4", (0.2,))
    assert [record(path)[0].name for _ in range(2)] == ["a-film-1", "a-film-1-2"]
    for name in ("a-film-1", "../x", "", "a b"):
        with pytest.raises(RecordingError):
            record(path, name=name)
    assert len(store.list_recordings()) == 2


def test_an_interruption_keeps_what_is_there(acted, monkeypatch):
    seen = []

    def interrupt(done, total):
        seen.append((done, total))
        if done == 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        record_film(acted, RecordingOptions(ALL), interrupt)
    (recording,) = store.list_recordings()
    assert recording.state is RecordingState.INTERRUPTED
    assert recording.frames == 20
    assert len(store.read_frames(recording.name)) == 20
    assert seen[0] == (1, 60)


def test_a_fault_of_our_own_leaves_nothing(acted, monkeypatch):
    calls = []

    def fail(landmarks, size):
        calls.append(size)
        if len(calls) > 20:
            raise RuntimeError("no")
        return head_pose(landmarks, size)

    monkeypatch.setattr("emotion.video.following.head_pose", fail)
    with pytest.raises(RuntimeError):
        record(acted)
    assert not list(paths.recordings_folder().glob("*"))


KILLED = """
import sys, time
from pathlib import Path
from emotion.recordings import writer
from emotion.video.recorder import RecordingOptions, record_film
from emotion.video.sampling import Sampling
writer.PART_ROWS = 10
def progress(done, total):
    if done == 50:
        print("here", flush=True)
        time.sleep(1000)
record_film(Path(sys.argv[1]), RecordingOptions(Sampling(), name="killed"), progress)
"""


def test_a_killed_process_loses_only_what_came_last(acted):
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(acted)], cwd=paths.PROJECT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout.readline() == "here\n"
        grows = store.open_recording("killed")
        assert grows.state is RecordingState.RECORDING
        assert len(store.read_frames("killed")) >= 30  # it can be read while it grows
        with pytest.raises(RecordingError, match="being written"):
            store.delete("killed")
    finally:
        process.kill()
        process.communicate(timeout=PATIENCE)
    wait_until(lambda: store.open_recording("killed").state is not RecordingState.RECORDING)
    recording = store.open_recording("killed")
    assert recording.state is RecordingState.INTERRUPTED
    assert "ended before its time" in recording.problems[0]
    frames, faces = store.read_frames("killed"), store.read_faces("killed")
    # Ten rows are a part here; three frames wait until it is known who is in them.
    assert 40 <= len(frames) == recording.frames <= 50
    assert len(faces) == 2 * len(frames)
    assert recording.people == 2
    folder = store.recording_folder("killed")
    assert sorted(path.name for path in folder.iterdir() if not path.name.startswith(".")) == [
        "faces.parquet", "frames.parquet", "recording.json",
    ]  # fmt: skip
