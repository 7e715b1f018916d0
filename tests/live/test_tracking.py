"""Numbers that stay with faces, and answers that do not flicker, on made-up trajectories."""

import itertools

import numpy as np
import pytest

from emotion.faces.detector import DetectedFace
from emotion.labels import EMOTIONS, UNCERTAIN
from emotion.live.tracking import FORGET_SECONDS, SHOW_SECONDS, FaceTracker, Smoother

FRAME = 1 / 30
LANDMARKS = np.float32([(-20, -15), (20, -15), (0, 5), (-15, 25), (15, 25)])


def face_at(x: float, y: float = 200, size: float = 100) -> DetectedFace:
    """A face about x, y; slightly higher than wide, as YuNet's boxes are."""
    box = (x - size / 2, y - 0.6 * size, size, 1.2 * size)
    return DetectedFace(box, LANDMARKS * size / 100 + (x, y), 0.9)


def follow(tracker: FaceTracker, frames, start: float = 0.0, frame: float = FRAME) -> list[list[int]]:
    """Give the tracker lists of faces, a frame each; return the numbers of each frame's faces."""
    numbers = []
    for index, faces in enumerate(frames):
        tracker.move(start + index * frame)
        numbers.append([track.number for track in tracker.see(faces)])
    return numbers


def test_a_face_gets_its_number_when_seen_twice_and_keeps_it():
    tracker = FaceTracker()
    numbers = follow(tracker, [[face_at(100 + 3 * step)] for step in range(60)])
    assert numbers[0] == [0]
    assert numbers[1:] == [[1]] * 59
    assert [track.number for track in tracker.in_sight()] == [1]


def test_the_box_stays_with_a_moving_face():
    tracker = FaceTracker()
    follow(tracker, [[face_at(100 + 5 * step)] for step in range(40)])
    track = tracker.in_sight()[0]
    assert track.centre == pytest.approx([295, 200], abs=4)
    assert track.size == pytest.approx([100, 120], abs=1)
    assert track.speed == pytest.approx([150, 0], abs=15)


def test_what_is_seen_once_gets_no_number_and_takes_none():
    tracker = FaceTracker()
    frames = [[face_at(100)], [], [face_at(500)], *[[]] * 12, *[[face_at(300)]] * 3]
    assert follow(tracker, frames)[-1] == [1]


@pytest.mark.parametrize("speed", [2, 6, 10])
@pytest.mark.parametrize("lane", [0, 15])
def test_faces_that_cross_keep_their_numbers(speed, lane):
    # The one behind is hidden while the two overlap: the detector sees the one in front only.
    tracker = FaceTracker()
    numbers = []
    steps = 400 // speed
    for step in range(steps):
        right, left = face_at(100 + speed * step, 200), face_at(500 - speed * step, 200 + lane)
        hidden = abs(right.box[0] - left.box[0]) < 60
        faces = [right] if hidden else [right, left]
        tracker.move(step * FRAME)
        numbers.append([track.number for track in tracker.see(faces)])
    assert numbers[1] == [1, 2]
    assert numbers[-1] == [1, 2]


def test_faces_side_by_side_are_never_confused_by_the_detectors_order():
    tracker = FaceTracker()
    faces = [face_at(100), face_at(220), face_at(340)]
    orders = list(itertools.permutations(range(3)))
    follow(tracker, [faces] * 2)
    for step, order in enumerate(orders):
        tracker.move((step + 2) * FRAME)
        numbers = [track.number for track in tracker.see([faces[index] for index in order])]
        assert numbers == [index + 1 for index in order]


@pytest.mark.parametrize(("away", "number"), [(0.2, 1), (0.5, 1), (0.9, 1), (1.3, 2), (3.0, 2)])
def test_who_returns_within_a_second_keeps_the_number(away, number):
    tracker = FaceTracker()
    leaving = [[face_at(200 - 4 * step)] for step in range(40)]
    gone = [[]] * round(away / FRAME)
    returning = [[face_at(48 + 4 * step)] for step in range(10)]
    assert follow(tracker, [*leaving, *gone, *returning])[-1] == [number]


def test_a_missed_face_is_shown_for_a_moment_and_no_longer():
    tracker = FaceTracker()
    follow(tracker, [[face_at(200)]] * 5)
    tracker.move(4 * FRAME + SHOW_SECONDS - 0.01)
    assert len(tracker.in_sight()) == 1
    tracker.move(4 * FRAME + SHOW_SECONDS + 0.02)
    assert tracker.in_sight() == []


def test_another_face_elsewhere_is_another():
    tracker = FaceTracker()
    numbers = follow(tracker, [*[[face_at(100)]] * 5, *[[face_at(500)]] * 5])
    assert numbers[4] == [1]
    assert numbers[-1] == [2]


def test_a_face_of_quite_another_size_is_another():
    tracker = FaceTracker()
    assert follow(tracker, [*[[face_at(200, size=60)]] * 5, *[[face_at(200, size=180)]] * 5])[-1] == [2]


def test_who_comes_closer_keeps_the_number():
    tracker = FaceTracker()
    assert follow(tracker, [[face_at(200, size=60 + 3 * step)] for step in range(60)])[-1] == [1]


def test_while_no_frame_comes_nobody_is_lost():
    tracker = FaceTracker()
    follow(tracker, [[face_at(200)]] * 5)
    assert follow(tracker, [[face_at(205)]] * 3, start=5.0)[-1] == [1]
    assert follow(tracker, [[face_at(205)]] * 3, start=5.1 + FORGET_SECONDS + 1)[-1] == [2]


def test_who_moves_on_while_no_frame_comes_keeps_the_number():
    tracker = FaceTracker()
    follow(tracker, [[face_at(100 + 3 * step)] for step in range(10)])
    assert follow(tracker, [[face_at(300)]] * 3, start=1.2)[-1] == [1]


def test_five_frames_a_second_are_enough():
    tracker = FaceTracker()
    frames = [[face_at(100 + 15 * step), face_at(500 - 5 * step)] for step in range(15)]
    assert follow(tracker, frames, frame=0.2)[1:] == [[1, 2]] * 14


def test_where_times_go_back_everyone_is_new():
    tracker = FaceTracker()
    follow(tracker, [[face_at(200)]] * 5, start=100.0)
    assert follow(tracker, [[face_at(200)]] * 2, start=0.0)[-1] == [2]


def test_a_change_of_the_pictures_size_is_followed():
    tracker = FaceTracker()
    follow(tracker, [[face_at(100, 100, 50)]] * 5)
    tracker.rescale(2, 2)
    assert follow(tracker, [[face_at(200, 200, 100)]] * 2, start=5 * FRAME)[-1] == [1]
    assert tracker.in_sight()[0].centre == pytest.approx([200, 200], abs=1)


def test_many_frames_leave_nothing_behind():
    tracker = FaceTracker()
    random = np.random.default_rng(0)
    for step in range(2000):
        tracks = tracker.move(step * FRAME)
        tracker.see([face_at(*random.uniform(0, 600, 2))])
    assert len(tracks) <= 31


def probabilities(name: str, value: float = 0.9) -> np.ndarray:
    rest = (1 - value) / (len(EMOTIONS) - 1)
    return np.array([value if emotion == name else rest for emotion in EMOTIONS], np.float32)


def smooth(smoother: Smoother, names, frame: float = FRAME) -> list[str]:
    verdicts = []
    for index, name in enumerate(names):
        smoother.add(probabilities(name), index * frame)
        verdicts.append(smoother.verdict)
    return verdicts


def changes(verdicts: list[str]) -> int:
    return sum(first != second for first, second in itertools.pairwise(verdicts))


def test_without_strength_every_answer_counts_as_it_is():
    names = ["happy", "sad"] * 20
    assert smooth(Smoother(0), names) == names


def test_an_answer_that_flips_each_frame_does_not_flicker():
    assert changes(smooth(Smoother(0.5), ["happy", "sad"] * 60)) <= 1


def test_two_that_are_about_as_probable_do_not_flicker():
    random = np.random.default_rng(3)
    names = [str(name) for name in random.choice(["fear", "surprise"], 300)]
    assert changes(smooth(Smoother(0), names)) > 100
    assert changes(smooth(Smoother(0.5), names)) <= 10


def test_a_lasting_change_arrives_within_a_second_and_a_half():
    verdicts = smooth(Smoother(0.5), ["happy"] * 60 + ["sad"] * 45)
    assert verdicts[59] == "happy"
    assert verdicts[-1] == "sad"


def test_the_frame_rate_does_not_matter():
    slow, fast = Smoother(0.6), Smoother(0.6)
    smooth(slow, ["happy"] * 15 + ["sad"] * 8, frame=1 / 10)
    smooth(fast, ["happy"] * 90 + ["sad"] * 48, frame=1 / 60)
    slow_now = slow.add(probabilities("sad"), 2.4)
    fast_now = fast.add(probabilities("sad"), 2.4)
    assert slow_now == pytest.approx(fast_now, abs=0.06)


def test_smoothed_probabilities_sum_to_one():
    smoother = Smoother(1)
    random = np.random.default_rng(0)
    for step in range(50):
        smoothed = smoother.add(random.dirichlet(np.ones(7)), step * FRAME)
    assert smoothed.sum() == pytest.approx(1, abs=1e-5)
    assert smoothed.dtype == np.float32


def test_what_is_undecided_is_uncertain():
    smoother = Smoother(0.5)
    smoother.add(np.full(7, 1 / 7), 0.0)
    assert smoother.verdict == UNCERTAIN


@pytest.mark.parametrize("wrong", [np.ones(6), np.full(7, np.nan), np.ones((7, 1))])
def test_what_are_no_probabilities_is_refused(wrong):
    with pytest.raises(ValueError, match="probabilities must be"):
        Smoother().add(wrong, 0.0)
