"""The film with its recording drawn on it."""

import numpy as np
import pytest

from emotion.errors import FileError
from emotion.video.annotating import annotate_film
from emotion.video.decoding import FilmReader
from emotion.video.film import Film, FilmError
from emotion.video.recorder import RecordingOptions, record_film
from emotion.video.sampling import Sampling
from tests.video.films import acted_film, counted, even, packet_times, write_film

pytestmark = pytest.mark.slow


def frames_of(path):
    with Film(path) as film:
        return list(FilmReader(film, Sampling()))


@pytest.mark.parametrize("sampling", [Sampling(fps=5), Sampling(fps=2, start=1.5, end=5)], ids=str)
def test_every_frame_of_the_part_is_there_at_its_time_with_its_faces(tmp_path, sampling):
    path = acted_film(tmp_path / "film.mp4")
    recording = record_film(path, RecordingOptions(sampling))
    annotate_film(path, recording.name, tmp_path / "out.mp4")
    end = sampling.end or 100
    times = [time for time in packet_times(path) if sampling.start <= time < end]
    assert packet_times(tmp_path / "out.mp4") == pytest.approx(np.array(times) - sampling.start, abs=0.002)
    before = [frame for frame in frames_of(path) if sampling.start <= frame.seconds < end]
    for old, new in list(zip(before, frames_of(tmp_path / "out.mp4"), strict=True))[5:]:
        changed = np.abs(old.picture.astype(int) - new.picture).max(axis=2) > 60
        assert changed[:, :240].sum() > 500
        assert changed[:, 240:].sum() > 500


def test_uneven_times_and_odd_sides_stay(tmp_path):
    times = [0, 0.1, 0.15, 0.9, 1.0, 2.5]
    path = write_film(tmp_path / "film.mkv", counted(6, (161, 121)), times, "ffv1")
    recording = record_film(path, RecordingOptions(Sampling()))
    annotate_film(path, recording.name, tmp_path / "out.mp4")
    assert packet_times(tmp_path / "out.mp4") == pytest.approx(times, abs=0.002)
    assert frames_of(tmp_path / "out.mp4")[0].size == (160, 120)


def test_nothing_is_left_where_it_cannot_be_written(tmp_path):
    path = write_film(tmp_path / "film.mp4", counted(6), even(6))
    recording = record_film(path, RecordingOptions(Sampling(start=0.1)))
    with pytest.raises(FileError):
        annotate_film(path, recording.name, tmp_path / "nowhere" / "out.mp4")
    other = write_film(tmp_path / "other.mp4", counted(2), even(2))
    with pytest.raises(FilmError, match="no frame of the recording"):
        annotate_film(other, recording.name, tmp_path / "out.mp4")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["film.mp4", "other.mp4"]
