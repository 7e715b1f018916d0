import cv2
import numpy as np
import pytest

from emotion.faces.geometry import (
    cut_square,
    merge_rows,
    move_rows,
    resize,
    roll_of,
    scaled_size,
    suppress,
    turn_back_matrix,
    turn_between,
)


def row(box, landmarks=((0, 0),) * 5, score=0.9):
    return np.array([*box, *np.ravel(landmarks), score], dtype=float)


@pytest.mark.parametrize(
    ("width", "height", "side", "size"),
    [
        (640, 480, 320, (320, 240)),
        (480, 640, 320, (240, 320)),
        (48, 48, 256, (256, 256)),
        (1, 1, 256, (256, 256)),
        (4000, 1, 960, (960, 1)),
        (1, 4000, 960, (1, 960)),
    ],
)
def test_scaled_size(width, height, side, size):
    assert scaled_size(width, height, side) == size


@pytest.mark.parametrize("quarter_turns", [0, 1, 2, 3, 4])
def test_turn_back_matrix_brings_every_pixel_home(quarter_turns):
    width, height = 5, 3
    image = np.arange(width * height).reshape(height, width)
    matrix = turn_back_matrix(quarter_turns, width, height)
    for (y, x), value in np.ndenumerate(np.rot90(image, quarter_turns)):
        home_x, home_y = matrix @ (x + 0.5, y + 0.5, 1)
        assert image[int(home_y), int(home_x)] == value


@pytest.mark.parametrize(
    ("matrix", "box"),
    [
        (((1, 0, 0), (0, 1, 0)), (10, 20, 30, 40)),
        (((1, 0, 5), (0, 1, -5)), (15, 15, 30, 40)),
        (((2, 0, 0), (0, 3, 0)), (20, 60, 60, 120)),
        (turn_back_matrix(1, 100, 200), (40, 10, 40, 30)),
        (turn_back_matrix(2, 100, 200), (60, 140, 30, 40)),
        (turn_back_matrix(3, 100, 200), (20, 160, 40, 30)),
    ],
)
def test_move_rows_moves_boxes(matrix, box):
    moved = move_rows(np.stack([row((10, 20, 30, 40))]), np.array(matrix, dtype=float))
    np.testing.assert_allclose(moved[0, :4], box)
    assert moved[0, 14] == 0.9


def test_move_rows_moves_landmarks_and_leaves_its_argument_alone():
    rows = np.stack([row((0, 0, 9, 9), [(1, 2), (3, 4), (5, 6), (7, 8), (9, 10)])])
    before = rows.copy()
    moved = move_rows(rows, np.array([[2.0, 0, 1], [0, 3, 0]]))
    np.testing.assert_allclose(moved[0, 4:14].reshape(5, 2), [(3, 6), (7, 12), (11, 18), (15, 24), (19, 30)])
    np.testing.assert_array_equal(rows, before)


def test_move_rows_keeps_the_size_of_a_tilted_box():
    sine, cosine = np.sin(0.5), np.cos(0.5)
    moved = move_rows(np.stack([row((-15, -20, 30, 40))]), np.array([[cosine, -sine, 7], [sine, cosine, 8]]))
    np.testing.assert_allclose(moved[0, :4], (7 - 15, 8 - 20, 30, 40))


def test_move_rows_without_rows():
    assert move_rows(np.empty((0, 15)), np.eye(2, 3)).shape == (0, 15)


@pytest.mark.parametrize(
    ("boxes", "kept"),
    [
        ([], []),
        ([((0, 0, 10, 10), 0.7), ((50, 0, 10, 10), 0.9)], [0.9, 0.7]),
        ([((0, 0, 10, 10), 0.7), ((1, 1, 10, 10), 0.9)], [0.9]),
        ([((0, 0, 100, 100), 0.9), ((40, 40, 10, 10), 0.7)], [0.9]),
        ([((0, 0, 10, 10), 0.9), ((8, 0, 10, 10), 0.7)], [0.9, 0.7]),
    ],
)
def test_merge_rows(boxes, kept):
    rows = np.array([row(box, score=score) for box, score in boxes]).reshape(-1, 15)
    merged = merge_rows(rows, 0.5)
    assert merged.shape == (len(kept), 15)
    assert merged[:, 14].tolist() == kept


@pytest.mark.parametrize(
    ("left_eye", "roll"),
    [((10, 0), 0), ((10, 10), 45), ((0, 10), 90), ((10, -10), -45), ((-10, 0), 180)],
)
def test_roll_of(left_eye, roll):
    landmarks = np.array([(0, 0), left_eye, (5, 5), (0, 9), (9, 9)], dtype=np.float32)
    assert roll_of(landmarks) == pytest.approx(roll)


def test_cut_square_at_its_own_scale_is_a_slice():
    image = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    square, matrix = cut_square(image, (30, 20), 16, 0, 16)
    np.testing.assert_array_equal(square, image[12:28, 22:38])
    np.testing.assert_allclose(matrix @ (0, 0, 1), (22, 12))


@pytest.mark.parametrize(("roll", "turns"), [(90, 1), (-90, 3), (180, 2)])
def test_cut_square_turned_by_quarters(roll, turns):
    image = np.random.default_rng(0).integers(0, 256, (16, 16), dtype=np.uint8)
    square, _ = cut_square(image, (8, 8), 16, roll, 16)
    np.testing.assert_array_equal(square, np.rot90(image, turns))


@pytest.mark.parametrize("multiple", [2, 3, 7])
def test_cut_square_averages_when_it_shrinks(multiple):
    image = np.random.default_rng(0).integers(0, 256, (16 * multiple, 16 * multiple), dtype=np.uint8)
    square, _ = cut_square(image, (8 * multiple, 8 * multiple), 16 * multiple, 0, 16)
    means = image.reshape(16, multiple, 16, multiple).mean(axis=(1, 3))
    assert np.abs(square - means).max() <= 1


def test_cut_square_gives_the_way_back():
    image = np.zeros((200, 200), dtype=np.uint8)
    cv2.circle(image, (120, 70), 4, 255, -1)
    square, matrix = cut_square(image, (100, 90), 120, 25, 96)
    y, x = np.argwhere(square > 128).mean(axis=0) + 0.5
    np.testing.assert_allclose(matrix @ (x, y, 1), (120.5, 70.5), atol=0.7)


@pytest.mark.parametrize(("border", "outside"), [(cv2.BORDER_CONSTANT, 0), (cv2.BORDER_REPLICATE, 200)])
def test_cut_square_beyond_the_picture(border, outside):
    image = np.full((20, 20, 3), 200, dtype=np.uint8)
    square, _ = cut_square(image, (0, 0), 20, 0, 20, border)
    assert (square[:9, :9] == outside).all()
    assert (square[11:, 11:] == 200).all()


def test_cut_square_of_a_huge_face_stays_small():
    image = np.full((64, 64), 7, dtype=np.uint8)
    square, _ = cut_square(image, (32, 32), 1e6, 0, 48, cv2.BORDER_REPLICATE)
    assert square.shape == (48, 48)
    assert (square == 7).all()


@pytest.mark.parametrize("size", [(100, 80), (640, 480), (333, 77), (1, 1), (1300, 900)])
def test_resize_averages_and_keeps_places(size):
    image = np.full((901, 1203, 3), 40, dtype=np.uint8)
    cv2.rectangle(image, (600, 450), (1202, 900), (200, 100, 40), -1)
    small = resize(image, size)
    assert small.shape == (size[1], size[0], 3)
    if min(size) > 50:
        expected = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        assert np.abs(small.astype(int) - expected).mean() < 1
        assert small[-1, -1].tolist() == [200, 100, 40]


def test_suppress_and_merge_differ_on_a_part():
    """A small box in a large one shares little of the union, and all of the smaller."""
    rows = np.array([row((0, 0, 100, 100), score=0.9), row((40, 40, 20, 20), score=0.8)])
    assert len(suppress(rows, 0.3)) == 2
    assert len(merge_rows(rows, 0.5)) == 1


def test_thousands_of_rows_are_kept_apart():
    places = np.stack(np.meshgrid(np.arange(40) * 24.0, np.arange(34) * 28.0), axis=-1).reshape(-1, 2)
    boxes = np.column_stack([places, np.full((len(places), 2), 20.0)])
    rows = np.column_stack([boxes, np.zeros((len(boxes), 10)), np.linspace(0.6, 0.9, len(boxes))])
    again = rows + np.eye(1, 15) - 0.001 * np.eye(1, 15, 14)  # a pixel further right, a little less sure
    kept = suppress(np.concatenate([again, rows]), 0.3)
    np.testing.assert_array_equal(kept, rows[::-1])


def test_further_columns_go_along():
    rows = np.column_stack([np.stack([row((0, 0, 9, 9)), row((0, 0, 9, 9), score=0.7)]), [5, 6]])
    assert merge_rows(move_rows(rows, np.eye(2, 3)), 0.5)[:, 15].tolist() == [5]


@pytest.mark.parametrize(
    ("roll", "other", "turn"), [(10, -10, 20), (170, -170, 20), (0, 180, 180), (-90, 270, 0)]
)
def test_turn_between(roll, other, turn):
    assert turn_between(roll, other) == turn
