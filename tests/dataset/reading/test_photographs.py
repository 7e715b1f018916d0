"""Whole photographs are not taken for faces: that is noticed, said, and the faces can be cut out."""

import cv2
import numpy as np
import pytest

from emotion.dataset.face_dataset import DatasetError
from emotion.dataset.reading.answers import Answers
from emotion.dataset.reading.sources import open_source, read_dataset, read_with_note
from emotion.faces.crops import crop_face
from emotion.faces.detector import YuNetDetector
from tests.helpers import faces_by_name, png_bytes, write_folder


@pytest.fixture(scope="module")
def photograph(astronaut) -> np.ndarray:
    """NASA's portrait, small, with her face a fifth of its width."""
    return cv2.resize(astronaut, (320, 320), interpolation=cv2.INTER_AREA)


def sources(photograph) -> dict[str, bytes]:
    data = png_bytes(photograph)
    return {f"train/{name}/{number}.png": data for name in ("happy", "sad") for number in range(2)}


def test_whole_photographs_are_asked_about(tmp_path, photograph):
    source = write_folder(tmp_path, sources(photograph))
    with pytest.raises(DatasetError, match=r"photographs in which the face is small \(4 of 4 .*--faces cut"):
        read_dataset(source)
    with open_source(source, Answers.parse(faces="whole")) as opened:
        assert not opened.plan.questions
        assert len(list(opened.items)) == 4


def test_faces_are_cut_out_when_asked(tmp_path, photograph):
    empty = png_bytes(np.full((200, 200, 3), 90, np.uint8))
    source = write_folder(tmp_path, sources(photograph) | {"train/sad/empty.png": empty})
    with open_source(source, Answers.parse(faces="cut")) as opened:
        items = list(opened.items)
    (face,) = YuNetDetector().detect(photograph)
    expected = crop_face(photograph, face)
    faces = [item for item in items if hasattr(item, "label")]
    assert len(faces) == 4
    assert all(np.array_equal(item.image, expected) for item in faces)
    (left,) = [item for item in items if not hasattr(item, "label")]
    assert (left.where, left.reason) == ("train/sad/empty.png", "No face was found in the picture.")


def test_pictures_that_are_faces_are_taken_as_they_are(tmp_path, photograph):
    (face,) = YuNetDetector().detect(photograph)
    x, y, width, height = (round(value) for value in face.box)
    close = cv2.resize(photograph[y : y + height, x : x + height], (224, 224))
    assert width <= height
    source = write_folder(tmp_path, faces_by_name(7) | {"train/happy/close.png": png_bytes(close)})
    with open_source(source) as opened:
        assert not opened.plan.needs_a_look()


def test_that_pictures_are_squashed_is_said(tmp_path):
    oblong = {f"train/sad/{n}.png": png_bytes(np.full((60, 40), n, np.uint8)) for n in range(3)}
    _, note = read_with_note(write_folder(tmp_path, oblong))
    assert "The pictures are not square (3 of 3 looked at): they are squashed to 48x48" in note
