import numpy as np
import pytest

from emotion.faces.detector import DetectedFace
from emotion.labels import EMOTIONS, UNCERTAIN, color_rgb
from emotion.photos.analysis import Analysis, FaceAnalysis
from emotion.photos.drawing import draw_analysis, place_label, place_labels, text_color


def face(box, emotion="happy", number=1) -> FaceAnalysis:
    probabilities = np.full(7, 0.01, np.float32)
    probabilities[EMOTIONS.index(emotion)] = 0.94
    detected = DetectedFace(box, np.zeros((5, 2), np.float32), 0.9)
    return FaceAnalysis(number, detected, np.zeros((48, 48), np.uint8), probabilities, np.zeros((6, 6, 7)))


def drawn(size, *faces, background=128) -> tuple[np.ndarray, np.ndarray]:
    width, height = size
    image = np.full((height, width, 3), background, np.uint8)
    return image, draw_analysis(image, Analysis(width, height, faces))


@pytest.mark.parametrize("size", [(60, 40), (640, 480), (480, 640), (4000, 3000)])
@pytest.mark.parametrize("background", [0, 128, 255])
def test_a_face_is_framed_in_its_color(size, background):
    width, height = size
    box = (width * 0.3, height * 0.4, width * 0.4, height * 0.5)
    before, after = drawn(size, face(box), background=background)
    assert after.shape == before.shape
    assert (before == background).all()  # the picture itself is left alone
    left_edge = after[
        round(box[1] + box[3] / 2), max(0, round(box[0]) - 2) : round(box[0]) + max(3, width // 100)
    ]
    assert color_rgb("happy") in [tuple(pixel) for pixel in left_edge]


@pytest.mark.parametrize(
    "box", [(0, 0, 640, 480), (600, 0, 40, 40), (0, 460, 30, 20), (600, 440, 40, 40), (300, 0, 100, 480)]
)
def test_a_label_at_the_edge_stays_in_the_picture(box):
    _, after = drawn((640, 480), face(box))
    # Enough of the label's colour beside the thin frame.
    assert (after == color_rgb("happy")).all(axis=2).sum() > 300


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((50, 50, 100, 100), (50, 30)),  # above
        ((50, 10, 100, 100), (50, 110)),  # no room above: below
        ((50, 0, 100, 300), (50, 0)),  # neither: inside
        ((380, 50, 20, 20), (320, 30)),  # pushed in from the right
        ((-10, 50, 20, 20), (0, 30)),  # and from the left
    ],
)
def test_place_label(box, expected):
    assert place_label(box, (80, 20), (400, 300)) == expected


@pytest.mark.parametrize("name", [*EMOTIONS, UNCERTAIN])
def test_labels_have_the_contrast_that_wcag_asks_for(name):
    def luminance(color):
        return sum(
            weight * (v / 12.92 if (v := channel / 255) <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4)
            for weight, channel in zip((0.2126, 0.7152, 0.0722), color, strict=True)
        )

    background = color_rgb(name)
    lighter, darker = sorted((luminance(background), luminance(text_color(background))), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


def test_a_scaled_copy_is_drawn_in_place():
    analysis = Analysis(800, 600, (face((200, 200, 200, 200)),))
    after = draw_analysis(np.zeros((300, 400, 3), np.uint8), analysis)
    colored = np.argwhere((after == color_rgb("happy")).all(axis=2))
    assert colored[:, 0].max() == pytest.approx(200, abs=3)
    assert colored[:, 1].min() == pytest.approx(100, abs=3)


def test_forty_small_faces():
    faces = [
        face((x * 60 + 5, y * 60 + 30, 24, 24), number=x + 10 * y + 1) for x in range(10) for y in range(4)
    ]
    before, after = drawn((640, 320), *faces)
    assert not np.array_equal(before, after)


LABEL = (60.0, 16.0)


def overlap(one, other) -> bool:
    return (
        one[0] < other[0] + other[2] and other[0] < one[0] + one[2]
        and one[1] < other[1] + other[3] and other[1] < one[1] + one[3]
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
def test_no_label_hides_a_face_or_another_label(seed):
    generator = np.random.default_rng(seed)
    boxes = [(float(x), float(y), 30.0, 40.0) for x in range(10, 380, 45) for y in range(10, 280, 70)]
    boxes = [(x + generator.uniform(-3, 3), y + generator.uniform(-3, 3), w, h) for x, y, w, h in boxes]
    corners = place_labels(boxes, [LABEL] * len(boxes), (400, 300))
    placed = [(*corner, *LABEL) for corner in corners if corner is not None]
    assert len(placed) >= 8  # there is room for some
    assert None in corners  # and not for all
    for number, label in enumerate(placed):
        assert 0 <= label[0] <= 340
        assert 0 <= label[1] <= 284
        assert not any(overlap(label, other) for other in placed[:number])
    for corner, own in zip(corners, boxes, strict=True):
        if corner is not None:
            assert not any(overlap((*corner, *LABEL), box) for box in boxes if box is not own)


def test_two_faces_side_by_side_get_their_labels_above_and_below():
    boxes = [(100.0, 100.0, 40.0, 50.0), (130.0, 80.0, 20.0, 20.0)]
    first, second = place_labels(boxes, [LABEL] * 2, (400, 300))
    assert first == (100, 150)  # above it stands the other face
    assert second == (130, 64)


def test_labels_of_one_picture_have_one_form():
    alone = [face((200, 150, 200, 200))]
    crowd = [face((10 + 45 * number, 150, 40, 50), number=number + 1) for number in range(8)]
    for faces, color_pixels in ((alone, 1500), (crowd, 8 * 60)):
        _, after = drawn((400, 300), *faces)
        assert (after == color_rgb("happy")).all(axis=2).sum() > color_pixels
