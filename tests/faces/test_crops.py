import cv2
import numpy as np
import pytest
from skimage import data

from emotion.faces import FACE_SIZE
from emotion.faces.crops import FRAME_SIDE, crop_face, crop_faces, cut_frame, upright_turn
from emotion.faces.detector import DetectedFace, YuNetDetector

LANDMARKS = np.array([(30, 40), (60, 40), (45, 55), (33, 70), (57, 70)], dtype=np.float32)


@pytest.fixture(scope="module")
def astronaut():
    return data.astronaut()


@pytest.fixture(scope="module")
def detector():
    return YuNetDetector()


def correlation(first, second):
    return np.corrcoef(first.ravel(), second.ravel())[0, 1]


def tilted(image, degrees, scale=1.0):
    """Return the picture turned clockwise about the astronaut's face."""
    matrix = cv2.getRotationMatrix2D((224, 118), -degrees, scale)
    return cv2.warpAffine(image, matrix, (512, 512), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)


@pytest.mark.parametrize(
    ("roll", "turn"),
    [(0, 0), (5, 0), (-5, 0), (10, 5), (-10, -5), (15, 15), (-15, -15), (90, 90), (-180, -180)],
)
def test_upright_turn(roll, turn):
    assert upright_turn(roll) == pytest.approx(turn)


def test_the_crop_is_small_grey_and_uint8(detector, astronaut):
    crop = crop_face(astronaut, detector.detect(astronaut)[0])
    assert crop.shape == (FACE_SIZE, FACE_SIZE) == (48, 48)
    assert crop.dtype == np.uint8
    assert crop.std() > 30


def test_the_crop_is_centred_on_the_box():
    image = np.zeros((100, 100, 3), dtype=np.uint8)
    face = DetectedFace((30, 20, 30, 50), LANDMARKS, 0.9)
    half = FRAME_SIDE * 50 / 2
    cv2.rectangle(image, (0, 0), (44, 99), (255, 255, 255), -1)  # white left of the box's middle
    crop = crop_face(image, face)
    assert (crop[:, :23] == 255).all()
    assert (crop[:, 25:] == 0).all()
    image[:] = 0
    image[round(45 - half) + 2 : round(45 + half) - 2] = 255  # the frame's own rows, less a margin
    assert (crop_face(image, face)[3:-3] == 255).all()


def test_the_whole_box_is_cut_not_the_clipped_one(astronaut):
    clipped = DetectedFace((0, 0, 60, 60), LANDMARKS, 0.9)
    whole = DetectedFace((0, 0, 60, 60), LANDMARKS, 0.9, whole_box=(-20, -20, 80, 80))
    expected = DetectedFace((-20, -20, 80, 80), LANDMARKS, 0.9)
    np.testing.assert_array_equal(crop_face(astronaut, whole), crop_face(astronaut, expected))
    assert (crop_face(astronaut, whole) != crop_face(astronaut, clipped)).any()


@pytest.mark.parametrize("degrees", [-25, -20, 20, 25])
def test_aligned_crops_of_a_tilted_head_look_more_like_the_upright_one(detector, astronaut, degrees):
    upright = crop_face(astronaut, detector.detect(astronaut)[0])
    picture = tilted(astronaut, degrees)
    (face,) = detector.detect(picture)
    aligned = correlation(upright, crop_face(picture, face))
    assert aligned > 0.65
    assert aligned > correlation(upright, cut_frame(picture, face, FRAME_SIDE, turn=0.0)) + 0.2


@pytest.mark.parametrize("quarter_turns", [1, 2, 3])
def test_a_head_on_its_side_or_upside_down_comes_out_upright(detector, astronaut, quarter_turns):
    upright = crop_face(astronaut, detector.detect(astronaut)[0])
    picture = np.ascontiguousarray(np.rot90(astronaut, quarter_turns))
    (face,) = detector.detect(picture)
    assert correlation(upright, crop_face(picture, face)) > 0.85


@pytest.mark.parametrize("scale", [0.25, 0.5, 2, 4])
def test_the_crop_is_the_same_at_every_scale(detector, astronaut, scale):
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    picture = cv2.resize(astronaut, None, fx=scale, fy=scale, interpolation=method)
    upright = crop_face(astronaut, detector.detect(astronaut)[0])
    assert correlation(upright, crop_face(picture, detector.detect(picture)[0])) > 0.8


def test_a_large_face_is_averaged_not_sampled():
    stripes = np.zeros((480, 480, 3), dtype=np.uint8)
    stripes[:, ::2] = 200
    crop = cut_frame(stripes, DetectedFace((0, 0, 480, 480), LANDMARKS, 0.9), FRAME_SIDE, turn=0.0)
    assert np.abs(crop.astype(int) - 100).max() < 25


@pytest.mark.parametrize("corner", [(-30, -30), (480, 480), (-30, 480), (480, -30)])
def test_beyond_the_edge_the_picture_is_repeated(corner):
    image = np.full((512, 512, 3), 90, dtype=np.uint8)
    crop = crop_face(image, DetectedFace((*corner, 60, 60), LANDMARKS, 0.9))
    assert (crop == 90).all()


def test_a_tiny_face_is_enlarged(astronaut):
    crop = crop_face(astronaut, DetectedFace((200.0, 100.0, 5.0, 6.0), LANDMARKS, 0.9))
    assert crop.shape == (48, 48)


def test_grey_is_weighted_as_the_eye_does():
    green = np.zeros((50, 50, 3), dtype=np.uint8)
    green[..., 1] = 255
    assert (crop_face(green, DetectedFace((5, 5, 30, 30), LANDMARKS, 0.9)) == 150).all()


def test_crop_faces_stacks_in_order(detector, astronaut):
    faces = [*detector.detect(astronaut), DetectedFace((0, 0, 60, 60), LANDMARKS, 0.9)]
    stacked = crop_faces(astronaut, faces)
    assert stacked.shape == (2, 48, 48)
    assert stacked.dtype == np.uint8
    for crop, face in zip(stacked, faces, strict=True):
        np.testing.assert_array_equal(crop, crop_face(astronaut, face))


def test_no_faces(astronaut):
    crops = crop_faces(astronaut, [])
    assert crops.shape == (0, 48, 48)
    assert crops.dtype == np.uint8


@pytest.mark.parametrize("image", [np.zeros((9, 9), np.uint8), np.zeros((9, 9, 3), float)])
def test_other_arrays_are_refused(image):
    face = DetectedFace((0, 0, 5, 5), LANDMARKS, 0.9)
    with pytest.raises(ValueError, match="image must be uint8"):
        crop_face(image, face)
    with pytest.raises(ValueError, match="image must be uint8"):
        cut_frame(image, face, 1.0, 0.0)
    with pytest.raises(ValueError, match="image must be uint8"):
        crop_faces(image, [])
