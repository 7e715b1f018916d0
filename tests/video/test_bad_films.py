"""Films that are damaged, hostile, or none: what can be read is kept, and a sentence tells the rest."""

import struct

import av
import numpy as np
import pytest

from emotion.video.film import FilmError
from tests.video.films import FORMATS, SAMPLINGS, counted, even, read, write_film

pytestmark = pytest.mark.slow


def test_a_truncated_film_gives_what_is_there(tmp_path):
    whole = write_film(
        tmp_path / "whole.mp4", counted(300, (160, 128)), even(300), header={"movflags": "faststart"}
    )
    data = whole.read_bytes()
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(data[: len(data) * 2 // 3])
    frames, problems = read(broken)
    assert 100 < len(frames) < 280
    assert problems
    assert "seconds" in problems[0]


def test_damage_in_the_midst_costs_only_what_it_hits(tmp_path):
    path = write_film(tmp_path / "film.mkv", counted(300, (160, 128)), even(300), options={"g": "12"})
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 200] = np.random.default_rng(0).bytes(200)
    path.write_bytes(data)
    frames, _ = read(path)
    assert len(frames) > 200
    assert frames[-1].seconds > 9


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda path: path.write_bytes(b""), "empty"),
        (lambda path: path.write_text("no film at all, but words " * 50), "not a film"),
        (lambda path: path.mkdir(), "folder"),
        (lambda path: None, "does not exist"),
        (lambda path: path.write_bytes(np.random.default_rng(0).bytes(5000)), "not a film"),
        (
            lambda path: path.write_text("#EXTM3U\n#EXTINF:3,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"),
            "not a film",
        ),
        (lambda path: path.write_text("ffconcat version 1.0\nfile /etc/passwd\n"), "not a film"),
    ],
    ids=["empty", "text", "folder", "missing", "noise", "playlist", "concat"],
)
def test_what_is_no_film_gets_a_sentence(tmp_path, make, sentence):
    path = tmp_path / "film.mp4"
    make(path)
    with pytest.raises(FilmError, match=sentence):
        read(path)


def test_sound_alone_is_no_film(tmp_path):
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        frame.sample_rate = 44100
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with pytest.raises(FilmError, match="no stream of pictures"):
        read(path)


def test_a_picture_too_wide_is_refused_before_it_is_decoded(tmp_path):
    path = write_film(tmp_path / "wide.avi", [np.zeros((16, 16384, 3), np.uint8)], [0.0], "mjpeg")
    with pytest.raises(FilmError, match="16384 x 16"):
        read(path)


def test_a_name_is_never_taken_for_an_address(tmp_path, monkeypatch):
    name = tmp_path / "http:"
    name.mkdir()
    film = write_film(name / "film.mp4", counted(3), even(3))
    monkeypatch.chdir(tmp_path)
    frames, _ = read(film.relative_to(tmp_path))
    assert len(frames) == 3


@pytest.mark.parametrize("name", ["h264.mp4", "h264.mkv", "vp9.webm", "h264.avi", "h264.ts", "a.gif"])
def test_broken_films_give_frames_or_a_sentence(tmp_path, name):
    codec, options = FORMATS[name]
    data = write_film(tmp_path / name, counted(90, (160, 128)), even(90), codec, options).read_bytes()
    path = tmp_path / name
    random = np.random.default_rng(0)
    for trial in range(12):
        broken = bytearray(data)
        for place in random.integers(0, (64, 600, len(data))[trial % 3], 8):
            broken[place] = random.integers(256)
        path.write_bytes(broken[: None if trial % 4 else len(data) // 2])
        try:
            frames, _ = read(path, SAMPLINGS[trial % len(SAMPLINGS)])
        except FilmError:
            continue
        seconds = [frame.seconds for frame in frames]
        assert seconds == sorted(set(seconds))


def test_a_film_that_promises_more_says_so(tmp_path):
    path = write_film(tmp_path / "film.mkv", counted(3), [0, 0.1, 0.2], "ffv1")
    data = path.read_bytes()
    place = data.index(b"\x44\x89\x88") + 3  # the length that the segment says it has, a double
    path.write_bytes(data[:place] + struct.pack(">d", 3_600_000.0) + data[place + 8 :])
    frames, problems = read(path)
    assert len(frames) == 3
    assert problems == [
        "The film says that it lasts 3600.0 seconds, but its last picture is at 0.2 seconds: "
        "the rest is missing, or never was."
    ]
