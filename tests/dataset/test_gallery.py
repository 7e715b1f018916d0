import base64

import cv2
import numpy as np
import pytest

from emotion.dataset.face_dataset import FaceDataset
from emotion.dataset.gallery import (
    CELL_BORDER,
    CELL_SIZE,
    before_and_after,
    contact_sheet,
    enlarge,
    find_faces,
    page_count,
    page_items,
    spread_picture,
    to_data_url,
)


@pytest.fixture
def dataset() -> FaceDataset:
    return FaceDataset(
        images=np.zeros((6, 48, 48), np.uint8),
        labels=np.array([0, 3, 3, 6, 0, 3]),
        splits=np.array(["train", "train", "test", "test", "validation", "train"]),
        names=np.array(["a/One.png", "b/two.png", "b/TWO.png", "c/three.png", "one", "[x](y).png"]),
    )


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, [0, 1, 2, 3, 4, 5]),
        ({"emotions": []}, [0, 1, 2, 3, 4, 5]),
        ({"emotions": ["happy"]}, [1, 2, 5]),
        ({"emotions": ["happy", "neutral"]}, [1, 2, 3, 5]),
        ({"emotions": ["fear"]}, []),
        ({"splits": ["train"]}, [0, 1, 5]),
        ({"splits": ["test", "validation"]}, [2, 3, 4]),
        ({"splits": []}, []),
        ({"text": "two"}, [1, 2]),
        ({"text": "  ONE "}, [0, 4]),
        ({"text": "["}, [5]),  # a character, not a pattern
        ({"text": "nowhere"}, []),
        ({"emotions": ["happy"], "splits": ["train"], "text": "two"}, [1]),
    ],
)
def test_find_faces(dataset, filters, expected):
    assert find_faces(dataset, **filters).tolist() == expected


def test_find_faces_in_an_empty_dataset(dataset):
    nothing = dataset.take(np.zeros(6, bool))
    assert find_faces(nothing, ["happy"], ["train"], "x").tolist() == []


@pytest.mark.parametrize(
    ("items", "size", "expected"), [(0, 5, 1), (1, 5, 1), (5, 5, 1), (6, 5, 2), (35_887, 96, 374)]
)
def test_page_count(items, size, expected):
    assert page_count(items, size) == expected


@pytest.mark.parametrize(
    ("page", "expected"),
    [(1, [0, 1, 2]), (2, [3, 4, 5]), (3, [6]), (4, [6]), (0, [0, 1, 2]), (-3, [0, 1, 2])],
)
def test_page_items(page, expected):
    assert page_items(np.arange(7), page, 3).tolist() == expected


def test_pages_hold_every_face_once():
    indices = np.arange(100, 250)
    pages = [page_items(indices, page, 13) for page in range(1, page_count(150, 13) + 1)]
    assert np.concatenate(pages).tolist() == indices.tolist()


def numbered(count: int) -> np.ndarray:
    """Faces whose every pixel is the number of the face."""
    return np.broadcast_to(np.arange(count, dtype=np.uint8)[:, None, None], (count, 48, 48)).copy()


@pytest.mark.parametrize(
    ("count", "columns", "shape"),
    [(0, 4, (1, 1)), (1, 4, (1, 1)), (4, 4, (1, 4)), (5, 4, (2, 4)), (7, 1, (7, 1))],
)
def test_contact_sheet(count, columns, shape):
    sheet = contact_sheet(numbered(count), columns)
    assert sheet.dtype == np.uint8
    assert sheet.shape == (shape[0] * CELL_SIZE, shape[1] * CELL_SIZE)
    cells = (
        sheet.reshape(shape[0], CELL_SIZE, shape[1], CELL_SIZE)
        .transpose(0, 2, 1, 3)
        .reshape(-1, CELL_SIZE**2)
    )
    for number, cell in enumerate(cells):
        assert set(cell.tolist()) == {number if number < count else 0}


def test_a_cell_is_the_face_with_its_edge_repeated():
    face = np.random.default_rng(0).integers(0, 256, (1, 48, 48), dtype=np.uint8)
    sheet = contact_sheet(face, 3)
    inner = slice(CELL_BORDER, -CELL_BORDER)
    assert (sheet[inner, inner] == face[0]).all()
    assert (sheet[0, inner] == face[0, 0]).all()
    assert (sheet[inner, -1] == face[0, :, -1]).all()


@pytest.mark.parametrize(
    ("images", "columns"),
    [
        (np.zeros((2, 48, 47), np.uint8), 3),
        (np.zeros((2, 48, 48), np.float32), 3),
        (np.zeros((48, 48), np.uint8), 3),
        (np.zeros((2, 48, 48), np.uint8), 0),
    ],
)
def test_contact_sheet_refuses(images, columns):
    with pytest.raises(ValueError, match=r"must be uint8 \(n, 48, 48\)|at least one column"):
        contact_sheet(images, columns)


def test_before_and_after():
    faces = numbered(3) + 100
    variants = np.repeat(faces[:, None] + 50, 4, axis=1)
    picture = before_and_after(faces, variants)
    opaque = picture[..., 3] == 255
    assert opaque.sum() == 3 * (1 + 4) * 48 * 48
    assert np.unique(picture[opaque][:, 0]).tolist() == [100, 101, 102, 150, 151, 152]
    assert (picture[..., 3][~opaque] == 0).all()
    columns = opaque.any(axis=0).nonzero()[0]
    steps = np.diff(columns)
    assert steps.max() == steps[47]  # the widest gap follows the face as it is
    first_row = picture[opaque.any(axis=1).argmax()]
    assert first_row[columns[0], 0] == 100
    assert first_row[columns[-1], 0] == 150


def test_enlarge():
    assert enlarge(np.full((48, 48), 7, np.uint8), 200).tolist() == [[7] * 200] * 200


@pytest.mark.parametrize(("largest", "brightest"), [(50.0, True), (100.0, False), (0.0, False)])
def test_spread_picture(largest, brightest):
    spread = np.zeros((48, 48))
    spread[10, 10] = 50.0
    picture = spread_picture(spread, largest)
    assert picture.shape == (48, 48, 3)
    yellow = picture[10, 10, 0] > 240 and picture[10, 10, 2] < 60
    assert yellow == brightest


def test_data_url_is_lossless():
    sheet = np.random.default_rng(1).integers(0, 256, (100, 150), dtype=np.uint8)
    kind, data = to_data_url(sheet).split(",")
    assert kind == "data:image/png;base64"
    decoded = cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert (decoded == sheet).all()
