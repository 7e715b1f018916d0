import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emotion.faces.detector import DetectedFace
from emotion.images import ImageError
from emotion.labels import EMOTIONS
from emotion.photos.analysis import FaceAnalysis, error_dict, table_rows
from tests.helpers import png_bytes


def face(probabilities, side=100.0) -> FaceAnalysis:
    detected = DetectedFace((0.0, 0.0, side, side), np.zeros((5, 2), np.float32), 0.9)
    values = np.array(probabilities, np.float32)
    return FaceAnalysis(1, detected, np.zeros((48, 48), np.uint8), values, np.zeros((6, 6, 7)))


@pytest.mark.parametrize(
    ("probabilities", "verdict"),
    [
        ([0.9, 0.1, 0, 0, 0, 0, 0], "angry"),
        ([0.0, 0, 0, 0.55, 0, 0, 0.45], "happy"),  # a clear lead
        ([0.0, 0, 0, 0.52, 0, 0, 0.48], "uncertain"),  # too close
        ([0.35, 0.15, 0.1, 0.1, 0.1, 0.1, 0.1], "uncertain"),  # too weak
        ([1 / 7] * 7, "uncertain"),
        ([0, 0, 0, 0, 0, 0, 1], "neutral"),
    ],
)
def test_verdict(probabilities, verdict):
    assert face(probabilities).verdict == verdict
    assert face(probabilities).emotion in EMOTIONS


@pytest.mark.parametrize(("side", "is_small"), [(20, True), (39, True), (48, False), (300, False)])
def test_small_faces(side, is_small):
    assert face([1, 0, 0, 0, 0, 0, 0], float(side)).is_small is is_small


def test_wrong_number_of_probabilities():
    with pytest.raises(ValueError, match=r"\(7,\), not \(6,\)"):
        face([1, 0, 0, 0, 0, 0])


def test_a_photograph(analyzer, astronaut):
    analysis = analyzer.analyze(astronaut)
    assert (analysis.width, analysis.height) == (512, 512)
    (found,) = analysis.faces
    assert found.verdict == "happy"
    assert found.number == 1
    assert found.crop.shape == (48, 48)
    x, y, width, _ = found.face.box
    assert 150 < x < 200
    assert 40 < y < 100
    assert 70 < width < 130


def test_bytes_and_array_give_the_same(analyzer, astronaut):
    from_bytes, from_array = analyzer.analyze(png_bytes(astronaut)), analyzer.analyze(astronaut)
    assert from_bytes.to_dict("a") == from_array.to_dict("a")


def test_json_form(analyzer, astronaut):
    content = analyzer.analyze(astronaut).to_dict("a.png")
    assert list(content) == ["path", "width", "height", "faces", "notes", "error"]
    (found,) = content["faces"]
    assert {"box", "detection_score", "emotion", "confidence", "probabilities"} <= set(found)
    assert list(found["probabilities"]) == list(EMOTIONS)
    assert found["confidence"] == max(found["probabilities"].values())
    assert set(error_dict("a.png", "It is broken.")) == set(content)


def test_table_rows(analyzer, astronaut):
    rows = table_rows(
        [("a.png", analyzer.analyze(astronaut)), ("b.png", analyzer.analyze(astronaut[:40, :40]))]
    )
    assert len(rows) == 1
    assert rows[0]["file"] == "a.png"
    assert rows[0]["happy"] == rows[0]["confidence"]


def check_any_bytes(analyzer, data: bytes) -> None:
    """Whatever the bytes, there is an analysis or the product's own error, and nothing else."""
    try:
        analysis = analyzer.analyze(data)
    except ImageError as error:
        message = str(error)
    else:
        message = f"{analysis.width} by {analysis.height}."
    assert message.endswith(".")


@settings(max_examples=120, deadline=None)
@given(data=st.binary(max_size=2000))
def test_no_bytes_raise_anything_but_the_own_error(analyzer, data):
    check_any_bytes(analyzer, data)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_damaged_photograph_raises_anything_but_the_own_error(analyzer, astronaut_path, data):
    content = bytearray(astronaut_path.read_bytes())
    for _ in range(data.draw(st.integers(1, 20))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    check_any_bytes(analyzer, bytes(content[: data.draw(st.integers(0, len(content)))]))


@pytest.mark.parametrize(("most", "noted"), [(1, True), (2, False)])
def test_a_picture_of_too_many_faces_says_so(analyzer, astronaut, monkeypatch, most, noted):
    monkeypatch.setattr("emotion.photos.analysis.MAX_FACES", most)
    sentence = f"Of a picture's faces no more than the {most} surest are taken."
    assert (sentence in analyzer.analyze(astronaut).notes) is noted
