"""Times, numbers and pixels of sampled frames, held against the packets and a full decoding."""

from fractions import Fraction

import av
import numpy as np
import pytest

from emotion.video.decoding import FilmReader, promised_seconds
from emotion.video.film import Film, FilmError
from emotion.video.sampling import Sampling, SamplingError
from tests.video.films import counted, even, packet_times, write_film

B_FRAMES = {"bf": "3", "g": "24"}
# Frames that come when they come, as phones and screens record them.
UNEVEN = [0.0, *np.cumsum(np.tile([1, 2, 1, 5, 1, 1, 9, 1], 12)).tolist()]
UNEVEN_TIMES = [step / 30 for step in UNEVEN]

FORMATS = {
    "h264.mp4": ("libx264", B_FRAMES),
    "hevc.mp4": ("libx265", {"x265-params": "log-level=0:keyint=24:bframes=3"}),
    "h264.mov": ("libx264", B_FRAMES),
    "vp8.webm": ("libvpx", {"lag-in-frames": "16", "auto-alt-ref": "1"}),
    "vp9.webm": ("libvpx-vp9", {"lag-in-frames": "16", "auto-alt-ref": "1"}),
    "av1.webm": ("libsvtav1", {}),
    "h264.mkv": ("libx264", B_FRAMES),
    "mjpeg.avi": ("mjpeg", {}),
    "h264.avi": ("libx264", B_FRAMES),
    "h264.ts": ("libx264", B_FRAMES),
    "a.gif": ("gif", {}),
}
SAMPLINGS = [
    Sampling(),
    Sampling(fps=5),
    Sampling(fps=7),
    Sampling(every=4),
    Sampling(fps=5, start=1.55, end=2.5),
    Sampling(every=3, start=1.5),
    Sampling(start=1.5, end=2.5),
]


ALL = Sampling()


def read(path, sampling=ALL, **options):
    with Film(path) as film:
        reader = FilmReader(film, sampling, **options)
        frames = list(reader)
        return frames, reader.damage.sentences(promised_seconds(film))


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    """Each format once, made when first asked for."""
    folder = tmp_path_factory.mktemp("films")

    def film(name, times):
        path = folder / f"{'even' if times == even(90) else 'uneven'}-{name}"
        if not path.exists():
            codec, options = FORMATS[name]
            write_film(path, counted(len(times), (160, 128)), times, codec, options)
        return path

    return film


@pytest.mark.parametrize("times", [even(90), UNEVEN_TIMES], ids=["even", "uneven"])
@pytest.mark.parametrize("name", FORMATS)
def test_times_are_those_of_the_packets(films, name, times):
    if name.endswith(".avi") and times == UNEVEN_TIMES:
        pytest.skip("AVI has no times but a rate")
    path = films(name, times)
    frames, problems = read(path)
    assert not problems
    assert [frame.number for frame in frames] == list(range(len(times)))
    seconds = [frame.seconds for frame in frames]
    assert seconds == pytest.approx(times, abs=0.011 if name == "a.gif" else 0.001)
    if name != "h264.avi":  # whose packets tell when to decode, not when to show
        assert seconds == pytest.approx(packet_times(path), abs=1e-6)


@pytest.mark.parametrize(
    "sampling", SAMPLINGS, ids=lambda sampling: f"{sampling.in_words} from {sampling.start}"
)
@pytest.mark.parametrize("name", FORMATS)
def test_what_is_left_out_of_decoding_changes_no_pixel(films, name, sampling):
    times = even(90) if name.endswith(".avi") else UNEVEN_TIMES
    full, _ = read(films(name, times))
    sampled, problems = read(films(name, times), sampling)
    assert not problems
    last, expected = None, []
    for frame in full:
        if frame.seconds < sampling.start or (sampling.end is not None and frame.seconds >= sampling.end):
            continue
        slot = sampling.slot(frame.number, frame.seconds)
        if slot != last:
            expected.append(frame)
        last = slot
    assert [frame.number for frame in sampled] == [frame.number for frame in expected]
    assert [frame.seconds for frame in sampled] == [frame.seconds for frame in expected]
    assert all(np.array_equal(a.picture, b.picture) for a, b in zip(sampled, expected, strict=True))


def test_frames_that_nobody_looks_at_can_be_had_as_well(films):
    frames, _ = read(films("h264.mp4", even(90)), Sampling(fps=5, start=1), every_frame=True)
    assert [frame.number for frame in frames] == list(range(30, 90))
    assert [frame.number for frame in frames if frame.wanted] == list(range(30, 90, 6))


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_turned_film_is_seen_upright(tmp_path, degrees, mirrored):
    if not hasattr(av.VideoStream, "set_display_rotation"):
        pytest.skip("this PyAV cannot write turned films")
    picture = np.zeros((96, 160, 3), np.uint8)
    picture[:48, :80] = (255, 0, 0)
    picture[:48, 80:] = (0, 255, 0)
    path = write_film(
        tmp_path / "turned.mp4", [picture] * 5, even(5),
        prepare=lambda stream: stream.set_display_rotation(degrees, hflip=mirrored),
    )  # fmt: skip
    frames, _ = read(path)
    expected = np.rot90(picture, degrees // 90)
    expected = expected[:, ::-1] if mirrored else expected
    assert frames[0].picture.shape == expected.shape
    assert np.abs(frames[0].picture.astype(int) - expected).mean() < 25


def test_pixels_that_are_not_square_are_made_so(tmp_path):
    def squeeze(stream):
        stream.sample_aspect_ratio = Fraction(2, 1)

    path = write_film(tmp_path / "wide.mp4", counted(5, (160, 128)), even(5), prepare=squeeze)
    frames, _ = read(path)
    assert frames[0].size == (320, 128)


def test_an_edit_list_cuts_what_it_cuts(tmp_path):
    # Times that begin below zero are cut off by an edit list, which MP4's writer adds for that.
    path = tmp_path / "cut.mp4"
    write_film(path, counted(60, (160, 128)), [index / 30 - 1 for index in range(60)], options={"bf": "0"})
    frames, _ = read(path)
    assert frames[0].seconds == pytest.approx(0, abs=0.04)
    assert len(frames) in (30, 31)
    assert np.diff([frame.seconds for frame in frames]) == pytest.approx(1 / 30, abs=0.001)


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


@pytest.mark.parametrize(
    "values",
    [
        {"fps": 0}, {"fps": -1}, {"fps": float("nan")}, {"every": 0}, {"fps": 5, "every": 2}, {"start": -1},
        {"start": 5, "end": 5}, {"start": float("inf")},
    ],
    ids=str,
)  # fmt: skip
def test_a_sampling_that_means_nothing_is_refused(values):
    with pytest.raises(SamplingError):
        Sampling(**values)
