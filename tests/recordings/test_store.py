"""Recordings on disk: written while they grow, read, named, deleted; damage gives a sentence."""

import json
from dataclasses import replace

import numpy as np
import pytest

from emotion import paths
from emotion.errors import ReadableError
from emotion.faces.detector import DetectedFace
from emotion.faces.pose import HeadPose
from emotion.recordings import markers, store, writer
from emotion.recordings.markers import Marker
from emotion.recordings.recording import FORMAT_VERSION, Recording, RecordingError, RecordingState
from emotion.recordings.table import FaceRow
from emotion.recordings.writer import RecordingWriter

POINTS = np.float32([(30, 40), (70, 40), (50, 60), (35, 80), (65, 80)])


def row(number=1, verdict="happy"):
    face = DetectedFace((10.0, 20.0, 80.0, 90.0), POINTS, 0.9)
    probabilities = np.float32([0.02, 0.03, 0.05, 0.7, 0.1, 0.05, 0.05])
    return FaceRow(number, face, HeadPose(1.0, 2.0, 3.0), probabilities, verdict)


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def begin(name="film", clock=None, **facts):
    recording = Recording(name, **facts)
    return RecordingWriter(paths.recordings_folder() / name, recording, clock or Clock())


def written(name="film", frames=3, **facts):
    made = begin(name, **facts)
    for frame in range(frames):
        made.add(frame, frame / 10, [row(1), row(2)])
    return made.finish()


def test_what_was_added_is_read():
    written(start="2026-01-02T03:04:05+00:00")
    faces = store.read_faces("film").to_pandas()
    assert faces["face"].tolist() == [1, 2] * 3
    assert faces["seconds"].tolist() == [0.0, 0.0, 0.1, 0.1, 0.2, 0.2]
    assert faces["valence"].iloc[0] == pytest.approx(0.6)
    assert faces[["left_eye_x", "mouth_left_y"]].iloc[0].tolist() == [70, 80]
    assert str(faces["utc"].iloc[2]) == "2026-01-02 03:04:05.100000+00:00"
    assert store.read_frames("film").to_pandas()["faces"].tolist() == [2, 2, 2]
    assert store.open_recording("film").people == 2


def test_parts_are_written_as_time_goes_on():
    clock = Clock()
    made = begin(clock=clock)
    made.add(0, 0.0, [row()])
    clock.now = 4.9
    made.add(1, 0.1, [])
    assert len(store.read_frames("film")) == 0
    clock.now = 5.1
    made.add(2, 0.2, [row()])
    assert len(store.read_frames("film")) == 3
    assert len(store.read_faces("film")) == 2
    made.finish()
    assert len(store.read_frames("film")) == 3


def test_memory_does_not_grow_with_the_recording():
    made = begin()
    most = 0
    for frame in range(6000):
        made.add(frame, frame / 30, [row()])
        most = max(most, len(made._faces) + len(made._frames))
    assert most <= writer.PART_ROWS + 2
    made.finish()
    assert len(store.read_faces("film")) == 6000
    assert not (paths.recordings_folder() / "film" / writer.PARTS).exists()


def test_the_half_written_last_part_of_a_killed_process_does_not_count():
    made = begin()
    for frame in range(3):
        made.add(frame, frame / 10, [row()])
        made.flush()
    folder = paths.recordings_folder() / "film"
    (folder / writer.PARTS / f"000002.{writer.FRAMES_FILE}").unlink()
    made._lock.release()  # as the system does when the process is gone
    recording = store.open_recording("film")
    assert (recording.state, recording.frames, recording.people) == (RecordingState.INTERRUPTED, 2, 1)
    assert recording.seconds == pytest.approx(0.1)
    assert len(store.read_faces("film")) == 2
    assert store.open_recording("film") == recording


def test_a_recording_without_a_frame_is_made_whole_too():
    made = begin()
    made._lock.release()
    assert store.open_recording("film").frames == 0
    assert len(store.read_faces("film")) == 0


def test_discarding_leaves_nothing():
    made = begin()
    made.add(0, 0.0, [row()])
    made.flush()
    made.discard()
    assert not list(paths.recordings_folder().iterdir())


def test_newest_first_and_deleted():
    for name, created in (("a", "2026-01-01"), ("b", "2026-03-01"), ("c", "2026-02-01")):
        written(name, created=created)
    assert [recording.name for recording in store.list_recordings()] == ["b", "c", "a"]
    store.delete("b")
    assert [recording.name for recording in store.list_recordings()] == ["c", "a"]


@pytest.mark.parametrize("name", ["", ".", "..", "../film", "a/b", "nothing", ".film"])
def test_no_name_leads_elsewhere(name):
    written()
    with pytest.raises(RecordingError, match="known are: film"):
        store.open_recording(name)
    with pytest.raises(RecordingError):
        store.delete(name)


@pytest.mark.parametrize(
    "content",
    [
        "", "[]", "{", "{}", '{"format_version": 0}', '{"format_version": "1"}',
        {"frames": "many"}, {"state": "odd"}, {"source": 5}, {"model": [1]}, {"problems": 3},
        {"seconds": None},
    ],
    ids=str,
)  # fmt: skip
def test_a_damaged_description_gives_a_sentence(content):
    written()
    path = paths.recordings_folder() / "film" / "recording.json"
    if isinstance(content, dict):
        content = json.dumps(json.loads(path.read_text()) | content)
    path.write_text(content)
    with pytest.raises(RecordingError, match="damaged"):
        store.open_recording("film")
    assert store.list_recordings() == []


def test_a_newer_version_says_so():
    written()
    path = paths.recordings_folder() / "film" / "recording.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format_version": FORMAT_VERSION + 1}))
    with pytest.raises(RecordingError, match="newer version"):
        store.open_recording("film")


def test_what_a_later_minor_version_adds_does_not_matter():
    recording = written()
    path = paths.recordings_folder() / "film" / "recording.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"mood": "new"}))
    assert store.open_recording("film") == recording


@pytest.mark.parametrize("content", [None, b"", b"PAR1 nonsense PAR1"])
@pytest.mark.parametrize("file", [writer.FACES_FILE, writer.FRAMES_FILE])
def test_damaged_tables_give_a_sentence(file, content):
    written()
    path = paths.recordings_folder() / "film" / file
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(RecordingError, match=file):
        (store.read_faces if file == writer.FACES_FILE else store.read_frames)("film")


def test_names_are_found():
    assert store.clean_name("A film: (part 1).mp4") == "A-film-part-1-mp4"
    assert store.clean_name("con") == "con-recording"
    written()
    assert store.free_name("film") == "film-2"
    long = "x" * 100
    assert store.free_name(long) == "x" * store.MAX_NAME
    written("x" * store.MAX_NAME)
    assert store.free_name(long) == "x" * (store.MAX_NAME - 2) + "-2"
    with pytest.raises(RecordingError, match="already"):
        begin("film")


def test_markers_are_kept_and_read():
    written()
    folder = store.recording_folder("film")
    assert markers.read_markers(folder) == []
    given = [Marker(2.5, 4, "=SUM(A1)", 'a, "note"\nof two lines'), Marker(1, 1, "a moment")]
    markers.write_markers(folder, given)
    assert "'=SUM" in (folder / "markers.csv").read_text()
    assert markers.read_markers(folder) == given[::-1]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "columns"), ("a,b\n", "columns"), ("start,label\nsoon,x\n", "line 2"),
        ("start,end,label\n1,0,x\n", "before it starts"), ("start,label\n1,\n", "label"),
        ("start,label\nnan,x\n", "finite"),
    ],
)  # fmt: skip
def test_wrong_markers_give_a_sentence(text, sentence):
    with pytest.raises(ReadableError, match=sentence):
        markers.parse_markers(text)


def test_a_marker_of_a_spreadsheet_is_read():
    text = "\ufeffstart,label,end,extra\n1.5,x,,z\n".lstrip("\ufeff")
    assert markers.parse_markers(text) == [Marker(1.5, 1.5, "x")]


def test_a_description_is_what_was_written():
    recording = written(consent="x", problems=("one",), detector={"name": "YuNet"})
    assert store.open_recording("film") == replace(recording, name="film")
