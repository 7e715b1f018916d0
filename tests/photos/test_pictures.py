import csv
import io
import json
import zipfile

import numpy as np
import pytest

from emotion.images import decode_image
from emotion.labels import EMOTIONS
from emotion.photos import pictures as results
from tests.helpers import png_bytes


@pytest.fixture(scope="module")
def pictures(analyzer, astronaut_path):
    photograph = astronaut_path.read_bytes()
    blank = png_bytes(np.full((64, 64), 200, np.uint8))
    files = [
        ("=cmd.png", photograph),
        ("broken.jpg", b"junk"),
        ("blank.png", blank),
        ("=cmd.png", photograph),
        ("..\\up/../x.webp", photograph),
    ]
    return [(results.analyze_picture(analyzer, name, data), data) for name, data in files]


def test_a_broken_file_gives_an_error_and_no_more(pictures):
    broken = pictures[1][0]
    assert broken.analysis is None
    assert broken.preview is None
    assert broken.error


def test_a_picture_without_faces_is_no_error(pictures):
    assert pictures[2][0].error is None
    assert pictures[2][0].analysis.faces == ()


def test_preview_is_a_picture_of_limited_size(analyzer, astronaut):
    large = np.kron(astronaut, np.ones((4, 4, 1), np.uint8))
    preview = decode_image(results.analyze_picture(analyzer, "large.png", png_bytes(large)).preview)
    assert preview.shape == (1400, 1400, 3)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((100, 50), (800, 400)), ((900, 30), (900, 30)), ((3000, 30), (1400, 14)), ((3000, 1), (1400, 1))],
)
def test_preview_size(shape, expected):
    assert results.preview_size(np.zeros((*shape, 3), np.uint8)).shape[:2] == expected


def test_csv_has_a_row_a_face_and_no_formulas(pictures):
    rows = list(csv.DictReader(io.StringIO(results.to_csv(picture for picture, _ in pictures))))
    assert [row["file"] for row in rows] == ["'=cmd.png", "'=cmd.png", "..\\up/../x.webp"]
    assert set(EMOTIONS) <= set(rows[0])
    assert sum(float(rows[0][name]) for name in EMOTIONS) == pytest.approx(1, abs=0.001)
    assert rows[0]["emotion"] == "happy"


def test_csv_of_no_faces_is_empty(pictures):
    assert results.to_csv([pictures[1][0]]).strip() == ""


def test_json_names_every_picture(pictures):
    objects = json.loads(results.to_json(picture for picture, _ in pictures))
    assert [len(item["faces"]) for item in objects] == [1, 0, 0, 1, 1]
    assert objects[1]["error"]
    assert objects[1]["width"] is None
    assert objects[0]["faces"][0]["emotion"] == "happy"


def test_zip_holds_annotated_pictures_under_safe_names(pictures):
    with zipfile.ZipFile(io.BytesIO(results.to_zip(pictures))) as archive:
        assert archive.namelist() == ["=cmd.jpg", "blank.jpg", "=cmd-2.jpg", "x.jpg"]
        assert decode_image(archive.read("x.jpg")).shape == (512, 512, 3)
