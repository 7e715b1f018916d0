"""Frames in, faces out: on the test photograph, moved about as before a camera."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from emotion.faces.crops import crop_face
from emotion.faces.detector import YuNetDetector
from emotion.labels import EMOTIONS, color_rgb
from emotion.live.detection import LiveDetector
from emotion.live.frames import HeatMap, LiveFace, LiveSettings
from emotion.live.overlay import draw_faces, draw_notice, face_color
from emotion.live.processor import MAX_CLASSIFIED, MAX_LOOKS, LiveProcessor
from emotion.live.tracking import FaceTracker
from emotion.models.classifier import Predictions
from emotion.synthetic.faces import make_group_picture

FRAME = 1 / 30


@pytest.fixture(scope="module")
def portrait(astronaut) -> np.ndarray:
    """RGB uint8 (220, 220, 3), head and shoulders."""
    return cv2.resize(astronaut[:330, 60:390], (220, 220), interpolation=cv2.INTER_AREA)


@pytest.fixture(scope="module")
def detector() -> LiveDetector:
    return LiveDetector()


@pytest.fixture
def processor(classifier, detector) -> LiveProcessor:
    return LiveProcessor(classifier, detector)


def scene(portrait, *corners: tuple[int, int], size: tuple[int, int] = (640, 480)) -> np.ndarray:
    """Return a grey wall with the portrait at each of these upper left corners."""
    picture = np.full((size[1], size[0], 3), 170, np.uint8)
    for x, y in corners:
        part = picture[y : y + len(portrait), x : x + len(portrait)]
        part[:] = portrait[: part.shape[0], : part.shape[1]]
    return picture


def run(processor, frames, start: float = 0.0) -> list:
    return [processor.process(frame, start + index * FRAME) for index, frame in enumerate(frames)]


def numbers(result) -> list[int]:
    return [face.number for face in result.faces]


class CountingDetector(LiveDetector):
    """Notes what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[int, bool]] = []

    def find(self, image, known, search):
        self.asked.append((len(known), search))
        return super().find(image, known, search)


class CountingClassifier:
    """Answers one emotion for every face, and notes how many it was asked about."""

    def __init__(self, emotion: str = "happy") -> None:
        self.asked: list[int] = []
        self.card = SimpleNamespace(name=emotion)
        self._index = EMOTIONS.index(emotion)

    def predict(self, faces):
        self.asked.append(len(faces))
        answers = np.full((len(faces), 7), 0.02, np.float32)
        answers[:, self._index] = 0.88
        return Predictions(answers, None)


def test_a_moving_face_keeps_its_number_and_its_emotion(processor, portrait):
    frames = [scene(portrait, (100 + 4 * step, 100 + 2 * step)) for step in range(40)]
    results = run(processor, frames)
    assert [numbers(result) for result in results[1:]] == [[1]] * 39
    assert {face.verdict for result in results[1:] for face in result.faces} == {"happy"}
    x, y, width, height = results[-1].faces[0].box
    assert (x + width / 2, y + height / 2) == pytest.approx((256 + 118, 178 + 72), abs=15)
    assert results[-1].image.shape == frames[-1].shape
    assert not np.array_equal(results[-1].image, frames[-1])


def test_the_frame_that_comes_in_stays_as_it_is(processor, portrait):
    frame = scene(portrait, (100, 100))
    before = frame.copy()
    run(processor, [frame] * 3)
    assert np.array_equal(frame, before)


def test_three_faces(processor, portrait):
    results = run(processor, [scene(portrait, (5, 100), (215, 100), (420, 100))] * 6)
    assert numbers(results[-1]) == [1, 2, 3]
    assert all(face.verdict == "happy" for face in results[-1].faces)


def test_who_leaves_and_returns_keeps_the_number(processor, portrait):
    here, empty = scene(portrait, (200, 100)), scene(portrait)
    results = run(processor, [*[here] * 5, *[empty] * 20, *[here] * 8])
    assert numbers(results[4]) == [1]
    assert numbers(results[24]) == []
    assert numbers(results[-1]) == [1]


def test_a_grown_picture_keeps_the_numbers(processor, portrait):
    large = scene(portrait, (200, 100))
    small = cv2.resize(large, (320, 240), interpolation=cv2.INTER_AREA)
    results = run(processor, [*[small] * 10, *[large] * 5, *[small] * 5])
    assert [numbers(result) for result in results[2:]] == [[1]] * 18
    assert results[-1].image.shape == small.shape
    assert results[12].image.shape == large.shape


@pytest.mark.parametrize("shape", [(480, 640), (480, 640, 3), (1, 1, 3), (3, 900, 3)])
def test_frames_without_a_face(processor, shape):
    result = run(processor, [np.full(shape, 90, np.uint8)] * 3)[-1]
    assert result.faces == ()
    assert result.image.shape == (*shape[:2], 3)


@pytest.mark.parametrize("shape", [(0, 0, 3), (0, 640, 3), (480, 0, 3)])
def test_empty_frames(processor, shape):
    assert processor.process(np.zeros(shape, np.uint8), 0.0).faces == ()


def test_grey_frames_are_as_good_as_coloured_ones(processor, portrait):
    grey = cv2.cvtColor(scene(portrait, (200, 100)), cv2.COLOR_RGB2GRAY)
    assert numbers(run(processor, [grey] * 3)[-1]) == [1]


@pytest.mark.parametrize("wrong", [np.zeros((48, 48, 4), np.uint8), np.zeros((48, 48, 3), np.float32)])
def test_what_is_no_frame_is_refused(processor, wrong):
    with pytest.raises(ValueError, match="image must be uint8"):
        processor.process(wrong, 0.0)


def test_the_whole_frame_is_searched_seldom(classifier, portrait):
    detector = CountingDetector()
    run(LiveProcessor(classifier, detector), [scene(portrait, (200, 100))] * 60)
    assert 4 <= sum(search for _, search in detector.asked) <= 6
    assert all(known == 1 for known, _ in detector.asked[1:])


def test_a_lost_face_is_searched_for_more_often(classifier, portrait):
    detector = CountingDetector()
    frames = [*[scene(portrait, (200, 100))] * 10, *[scene(portrait)] * 20]
    run(LiveProcessor(classifier, detector), frames)
    assert sum(search for _, search in detector.asked[10:]) >= 4


def test_a_crowd_takes_turns():
    crowd = make_group_picture(EMOTIONS, seed=7, face_size=220)
    detector, classifier = CountingDetector(), CountingClassifier()
    results = run(LiveProcessor(classifier, detector), [crowd] * 30)
    assert numbers(results[-1]) == list(range(1, 8))
    assert max(known for known, _ in detector.asked) <= MAX_LOOKS
    assert max(classifier.asked) <= MAX_CLASSIFIED


def test_the_model_may_change_while_the_video_runs(processor, portrait):
    frame = scene(portrait, (200, 100))
    processor.settings = LiveSettings(smoothing=0)
    run(processor, [frame] * 3)
    processor.classifier = CountingClassifier("sad")
    result = processor.process(frame, 0.2)
    assert [(face.number, face.verdict) for face in result.faces] == [(1, "sad")]


def test_tilted_heads_are_seen_upright_after_some_frames(detector, portrait):
    # In a photograph each face is looked at twice, much enlarged; live, frame after frame does the same.
    turn = cv2.getRotationMatrix2D((110, 88), -20, 1)
    tilted = cv2.warpAffine(portrait, turn, (220, 220), borderMode=cv2.BORDER_REPLICATE)
    frame = scene(tilted, (200, 100))
    roll = YuNetDetector().detect(frame)[0].roll
    assert abs(detector.detect(frame)[0].roll - roll) > 15
    tracker = FaceTracker()
    tracker.move(0.0)
    tracker.see(detector.detect(frame))
    for step in range(1, 30):
        tracks = tracker.move(step * FRAME)
        tracker.see(detector.find(frame, tracks, search=False))
    assert tracker.in_sight()[0].roll == pytest.approx(roll, abs=8)


def test_neighbours_are_found_once_each(detector, portrait):
    frame = scene(portrait, (100, 100), (250, 100))
    tracker = FaceTracker()
    tracker.move(0.0)
    tracks = tracker.see(detector.detect(frame))
    assert len(tracks) == 2
    assert len(detector.find(frame, tracks, search=True)) == 2
    assert len(detector.find(frame, tracks, search=False)) == 2
    assert detector.find(frame, [], search=False) == []
    assert all(0 <= face.score <= 1 for face in detector.find(frame, tracks, search=True))


def live_face(box=(200.0, 150.0, 100.0, 120.0), number=1, verdict="happy", heat=None) -> LiveFace:
    answers = np.full(7, 0.02, np.float32)
    answers[EMOTIONS.index("happy")] = 0.88
    return LiveFace(number, box, answers, verdict, heat)


def has_color(image: np.ndarray, color: tuple[int, int, int]) -> bool:
    return bool((np.abs(image.astype(int) - color).max(axis=2) <= 2).any())


def test_frame_and_label_are_drawn_in_their_colours():
    picture = np.full((480, 640, 3), 128, np.uint8)
    drawn = draw_faces(picture, [live_face()])
    assert has_color(drawn, face_color(1))
    assert has_color(drawn, color_rgb("happy"))
    assert (picture == 128).all()


@pytest.mark.parametrize("verdict", ["uncertain", "disgust"])
def test_any_verdict_can_be_drawn(verdict):
    picture = np.full((480, 640, 3), 128, np.uint8)
    assert has_color(draw_faces(picture, [live_face(verdict=verdict)]), color_rgb(verdict))


@pytest.mark.parametrize(
    "box",
    [
        (-60.0, -50.0, 100.0, 120.0),
        (600.0, 440.0, 100.0, 120.0),
        (-500.0, -500.0, 100.0, 120.0),
        (0.0, 0.0, 640.0, 480.0),
        (300.0, 200.0, 4.0, 5.0),
    ],
)
@pytest.mark.parametrize("size", [(640, 480), (160, 120), (24, 16), (1, 1)])
def test_drawing_stays_inside_of_the_picture(box, size):
    picture = np.full((size[1], size[0], 3), 128, np.uint8)
    x, y, width, height = box
    heat = HeatMap(np.ones((48, 48), np.float32), (x + width / 2, y + height / 2), height, 30.0)
    drawn = draw_faces(picture, [live_face(box, heat=heat)], show_bars=True)
    assert drawn.shape == picture.shape
    assert draw_notice(picture, "Paused").shape == picture.shape


def test_bars_show_the_probabilities():
    picture = np.full((480, 640, 3), 128, np.uint8)
    drawn = draw_faces(picture, [live_face()], show_bars=True)
    happy = (np.abs(drawn.astype(int) - color_rgb("happy")).max(axis=2) <= 2).sum()
    sad = (np.abs(drawn.astype(int) - color_rgb("sad")).max(axis=2) <= 2).sum()
    assert happy > 5 * sad > 0


def test_the_heat_lies_where_the_crop_was_cut(analyzer, portrait):
    frame = scene(portrait, (200, 100))
    found = analyzer.detector.detect(frame)[0]
    values = np.zeros((48, 48), np.float32)
    values[30:40, 20:28] = 1  # about the mouth
    drawn = draw_faces(frame, [live_face(found.box, heat=HeatMap.of(found, values))])
    marked = frame.copy()
    # The same place, marked in the crop that the model would see of the drawn picture.
    change = np.abs(crop_face(drawn, found).astype(int) - crop_face(marked, found))
    assert change[31:39, 21:27].mean() > 5 * change[12:26, 8:40].mean()


def test_heat_is_drawn_only_when_wanted(processor, portrait):
    frame = scene(portrait, (200, 100))
    assert run(processor, [frame] * 3)[-1].faces[0].heat is None
    processor.settings = LiveSettings(show_map=True)
    heat = processor.process(frame, 0.2).faces[0].heat
    assert heat.values.shape == (48, 48)
    assert 0 <= heat.values.min() <= heat.values.max() <= 1


def test_a_model_that_does_not_tell_where_it_looks(detector, portrait):
    processor = LiveProcessor(CountingClassifier(), detector, LiveSettings(show_map=True))
    assert run(processor, [scene(portrait, (200, 100))] * 3)[-1].faces[0].heat is None


@pytest.mark.parametrize("smoothing", [-0.1, 1.1])
def test_settings_out_of_range_are_refused(smoothing):
    with pytest.raises(ValueError, match="smoothing must be"):
        LiveSettings(smoothing)
