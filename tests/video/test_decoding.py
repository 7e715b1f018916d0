"""Times, numbers and pixels of sampled frames, held against the packets and a full decoding."""

import gc
from fractions import Fraction

import av
import numpy as np
import pytest

from emotion.video.decoding import FilmReader
from emotion.video.film import Film
from emotion.video.sampling import Sampling, SamplingError
from tests.video.films import FORMATS, SAMPLINGS, counted, even, packet_times, read, write_film

pytestmark = pytest.mark.slow

# Frames that come when they come, as phones and screens record them.
UNEVEN = [0.0, *np.cumsum(np.tile([1, 2, 1, 5, 1, 1, 9, 1], 12)).tolist()]
UNEVEN_TIMES = [step / 30 for step in UNEVEN]


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


class LateStreams:
    """A container in which another stream begins all the time, which PyAV's `demux` fails at."""

    def __init__(self, container):
        self._container = container
        self._packets = None

    def demux(self, stream):
        self._packets = self._packets or self._container.demux(stream)
        for index, packet in enumerate(self._packets):
            yield packet
            if index % 7 == 6:
                raise IndexError("list index out of range")

    def __getattr__(self, name):
        return getattr(self._container, name)


def test_streams_that_begin_later_are_passed_over(films):
    with Film(films("h264.ts", even(90))) as film:
        film.container = LateStreams(film.container)
        reader = FilmReader(film, Sampling())
        assert [frame.number for frame in reader] == list(range(90))
        assert not reader.damage.breaks_off


def test_no_frame_outlives_its_turn(films):
    """Megabytes a frame would fill the memory long before Python looks for circles of objects."""

    def alive():
        return sum(type(each) is av.VideoFrame for each in gc.get_objects())

    gc.collect()
    gc.disable()
    try:
        with Film(films("h264.mp4", even(90))) as film:
            counts = [alive() for _ in FilmReader(film, Sampling())]
    finally:
        gc.enable()
    assert counts[0] > 0  # they are counted
    assert max(counts) <= 10  # what the decoder gives at once, and the first
