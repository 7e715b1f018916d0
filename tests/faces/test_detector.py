from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from skimage import data

from emotion.faces import detector as faces
from emotion.faces.detector import (
    DetectedFace,
    YuNetDetector,
    check_rgb,
    reading_order,
    search_sides,
)

LANDMARKS = np.zeros((5, 2), dtype=np.float32)
# Where the astronaut's face is in the picture of 512x512.
FACE = (178, 60, 91, 115)


@pytest.fixture(scope="module")
def astronaut():
    return data.astronaut()


@pytest.fixture(scope="module")
def detector():
    return YuNetDetector()


def face(x, y, width=10.0, height=10.0):
    return DetectedFace((x, y, width, height), LANDMARKS, 0.9)


def overlap(first, second):
    """Return intersection over union of two boxes."""
    (x1, y1, w1, h1), (x2, y2, w2, h2) = first, second
    width = min(x1 + w1, x2 + w2) - max(x1, x2)
    height = min(y1 + h1, y2 + h2) - max(y1, y2)
    shared = max(0, width) * max(0, height)
    return shared / (w1 * h1 + w2 * h2 - shared)


def scaled(image, scale):
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cv2.resize(image, None, fx=scale, fy=scale, interpolation=method)


class TestDetectedFace:
    def test_keeps_what_it_is_given(self):
        found = DetectedFace((1.0, 2.0, 3.0, 4.0), LANDMARKS.astype(np.float64), 0.5)
        assert found.box == (1, 2, 3, 4)
        assert found.landmarks.dtype == np.float32
        assert found.whole_box is None

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"box": (1, 2, 3)}, r"box must be .*got \(1, 2, 3\)"),
            ({"box": (0, 0, 0, 5)}, "box must be .*width > 0"),
            ({"box": (0, float("nan"), 5, 5)}, "box must be finite"),
            ({"whole_box": (0, 0, 5, -5)}, "whole_box must be"),
            ({"landmarks": np.zeros((2, 5))}, r"shape \(5, 2\), got shape \(2, 5\)"),
            ({"landmarks": np.full((5, 2), np.inf)}, "landmarks must be finite"),
            ({"score": 1.5}, "score must be between 0 and 1, got 1.5"),
        ],
    )
    def test_says_what_is_wrong(self, changes, message):
        fields = {"box": (0, 0, 5, 5), "landmarks": LANDMARKS, "score": 0.5, **changes}
        with pytest.raises(ValueError, match=message):
            DetectedFace(**fields)

    def test_roll_is_positive_clockwise(self):
        landmarks = np.array([(10, 10), (20, 20), (15, 25), (10, 30), (20, 30)], dtype=np.float32)
        assert DetectedFace((0, 0, 30, 40), landmarks, 0.9).roll == pytest.approx(45)


class TestSearchSides:
    @pytest.mark.parametrize(
        ("longest", "limit", "sides"),
        [
            (1, 960, [256]),
            (48, 960, [256]),
            (300, 960, [300]),
            (480, 960, [480]),
            (640, 960, [640, 256]),
            (4000, 960, [960, 256]),
            (4000, 480, [480]),
        ],
    )
    def test_small_pictures_grow_and_large_ones_are_searched_twice(self, longest, limit, sides):
        assert search_sides(longest, limit) == sides


class TestReadingOrder:
    @pytest.mark.parametrize(
        "corners",
        [
            [],
            [(0, 0)],
            [(0, 0), (20, 2), (40, -2)],
            [(0, 0), (20, 3), (0, 20), (20, 18)],
            [(50, 0), (0, 30), (40, 33)],
        ],
    )
    def test_rows_then_left_to_right(self, corners):
        faces = [face(x, y) for x, y in corners]
        shuffled = [faces[index] for index in np.random.default_rng(1).permutation(len(faces))]
        assert [found.box[:2] for found in reading_order(shuffled)] == corners


class TestDetection:
    @pytest.mark.parametrize("scale", [0.25, 0.5, 0.75, 1, 1.5, 2, 4])
    def test_one_face_at_the_same_place_at_every_scale(self, detector, astronaut, scale):
        (found,) = detector.detect(scaled(astronaut, scale))
        assert overlap(np.array(found.box) / scale, FACE) > 0.85
        right_eye, left_eye, nose, right_mouth, left_mouth = found.landmarks / scale
        np.testing.assert_allclose(right_eye, (203, 102), atol=5)
        np.testing.assert_allclose(left_eye, (245, 105), atol=5)
        assert right_eye[0] < nose[0] < left_eye[0]
        assert right_mouth[0] < left_mouth[0]
        assert right_mouth[1] > nose[1]
        assert 0.8 < found.score <= 1

    @pytest.mark.parametrize("side", [48, 256, 480, 720, 1400])
    def test_a_face_that_fills_the_picture(self, detector, astronaut, side):
        close_up = cv2.resize(astronaut[56:180, 162:286], (side, side), interpolation=cv2.INTER_CUBIC)
        (found,) = detector.detect(close_up)
        assert overlap(np.array(found.box) * 124 / side, (16, 4, 91, 115)) > 0.8

    @pytest.mark.parametrize("quarter_turns", [1, 2, 3])
    def test_a_turned_picture(self, detector, astronaut, quarter_turns):
        (found,) = detector.detect(np.ascontiguousarray(np.rot90(astronaut, quarter_turns)))
        x, y, width, height = FACE
        expected = {
            1: (y, 512 - x - width, height, width),
            2: (512 - x - width, 512 - y - height, width, height),
            3: (512 - y - height, x, height, width),
        }[quarter_turns]
        assert overlap(found.box, expected) > 0.85
        difference = (found.roll + 90 * quarter_turns - 4 + 180) % 360 - 180
        assert abs(difference) < 8

    def test_without_the_turned_search_a_face_on_its_side_is_not_seen_so(self, astronaut):
        on_its_side = np.ascontiguousarray(np.rot90(astronaut))
        found = YuNetDetector(try_turned=False).detect(on_its_side)
        assert all(abs(face.roll) < 60 for face in found)

    @pytest.mark.parametrize("scale", [0.6, 1, 1.5])
    @pytest.mark.parametrize("tilt", [-30, -15, 15, 30])
    def test_the_second_look_measures_the_tilt(self, detector, astronaut, tilt, scale):
        matrix = cv2.getRotationMatrix2D((225, 118), -tilt, scale)
        (found,) = detector.detect(cv2.warpAffine(astronaut, matrix, (512, 512)))
        assert found.roll == pytest.approx(tilt + 4, abs=6)

    def test_the_second_look_drops_what_is_no_face(self):
        galaxies = data.hubble_deep_field()
        assert YuNetDetector(look_twice=False, try_turned=False).detect(galaxies)
        assert not YuNetDetector(try_turned=False).detect(galaxies)

    def test_faces_come_in_reading_order(self, detector, astronaut):
        head = astronaut[20:220, 120:320]
        wall = np.full((460, 700, 3), 120, dtype=np.uint8)
        corners = [(20, 10), (250, 20), (480, 0), (40, 240), (400, 250)]
        for x, y in corners:
            wall[y : y + 200, x : x + 200] = head
        found = detector.detect(wall)
        assert len(found) == 5
        for (x, y), one in zip(corners, found, strict=True):
            assert overlap(one.box, (x + 58, y + 40, 91, 115)) > 0.7

    def test_the_box_is_clipped_to_the_picture(self, detector, astronaut):
        cut = np.ascontiguousarray(astronaut[90:, 195:])
        (found,) = detector.detect(cut)
        x, y, width, height = found.box
        assert x >= 0
        assert y == 0
        assert x + width <= cut.shape[1]
        assert y + height <= cut.shape[0]
        assert found.whole_box[1] < 0

    @pytest.mark.parametrize(
        "shape",
        [(1, 1), (1, 50), (50, 1), (2, 2), (20, 4000), (4000, 3), (200, 300), (0, 10), (10, 0)],
    )
    @pytest.mark.parametrize("kind", ["black", "white", "noise"])
    def test_no_face(self, detector, shape, kind):
        noise = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
        image = {"black": np.zeros_like(noise), "white": np.full_like(noise, 255), "noise": noise}[kind]
        assert detector.detect(image) == []

    def test_a_view_and_a_read_only_picture_will_do(self, detector, astronaut):
        wide = astronaut.copy()
        wide.setflags(write=False)
        assert len(detector.detect(wide[:, ::-1])) == 1
        assert len(detector.detect(wide)) == 1

    @pytest.mark.parametrize(
        ("image", "message"),
        [
            (np.zeros((9, 9), np.uint8), r"uint8 \(height, width, 3\), got uint8 \(9, 9\)"),
            (np.zeros((9, 9, 4), np.uint8), r"got uint8 \(9, 9, 4\)"),
            (np.zeros((9, 9, 3), np.float32), r"got float32 \(9, 9, 3\)"),
        ],
    )
    def test_other_arrays_are_refused(self, detector, image, message):
        with pytest.raises(ValueError, match=message):
            detector.detect(image)
        with pytest.raises(ValueError, match=message):
            check_rgb(image)

    def test_threads_do_not_disturb_each_other(self, detector, astronaut):
        scales = [0.3, 0.5, 0.8, 1.1] * 4
        with ThreadPoolExecutor(4) as threads:
            results = list(threads.map(detector.detect, [scaled(astronaut, scale) for scale in scales]))
        for scale, (found,) in zip(scales, results, strict=True):
            assert overlap(np.array(found.box) / scale, FACE) > 0.85

    @pytest.mark.parametrize(("width", "height"), [(4032, 3024), (6000, 4000), (8192, 6144)])
    @pytest.mark.parametrize("side", [60, 80, 113])
    def test_small_faces_in_large_pictures(self, detector, astronaut, width, height, side):
        scale = side / FACE[3]
        head = scaled(astronaut[20:240, 110:340], scale)
        picture = np.full((height, width, 3), 120, dtype=np.uint8)
        x, y = width // 3, height // 4
        picture[y : y + len(head), x : x + head.shape[1]] = head
        (found,) = detector.detect(picture)
        left, top = x + (FACE[0] - 110) * scale, y + (FACE[1] - 20) * scale
        assert overlap(found.box, (left, top, FACE[2] * scale, side)) > 0.6

    def test_a_face_that_fills_a_large_picture(self, detector, astronaut):
        close_up = cv2.resize(astronaut[56:180, 162:286], (6000, 6000), interpolation=cv2.INTER_CUBIC)
        (found,) = detector.detect(close_up)
        assert overlap(np.array(found.box) * 124 / 6000, (16, 4, 91, 115)) > 0.8

    def test_the_surest_of_too_many_faces(self, astronaut, monkeypatch):
        wall = np.tile(scaled(astronaut[20:220, 120:320], 0.5), (4, 5, 1))
        everyone = sorted(YuNetDetector(look_twice=False).detect(wall), key=lambda face: -face.score)
        monkeypatch.setattr(faces, "MAX_FACES", 6)
        found = YuNetDetector(look_twice=False).detect(wall)
        assert len(everyone) == 20
        assert {face.box for face in found} == {face.box for face in everyone[:6]}
        assert len(YuNetDetector().detect(wall)) == 6

    def test_turned_searches_only_where_a_face_may_be_turned(self, astronaut, monkeypatch):
        detector, searched = YuNetDetector(), []
        search = detector._search
        monkeypatch.setattr(detector, "_search", lambda *given: searched.append(given[2:]) or search(*given))
        detector.detect(astronaut)
        assert searched == [()]
        # Not quite sure, but upright: three looks at the face tell, and no search.
        monkeypatch.setattr(faces, "UPRIGHT_SCORE", 1.0)
        searched.clear()
        detector.detect(astronaut)
        assert searched == [()]
        searched.clear()
        detector.detect(np.zeros_like(astronaut))
        assert searched == [(), (1,), (2,), (3,)]
