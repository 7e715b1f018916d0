from dataclasses import replace

import cv2
import numpy as np
import pytest

from emotion.evaluation.explanation import heat, overlay, strongest_place
from emotion.labels import EMOTIONS
from emotion.synthetic import faces
from emotion.synthetic.canvas import Canvas
from emotion.synthetic.look import Actions, Look, Pose
from emotion.synthetic.painter import paint_person

HAPPY = EMOTIONS.index("happy")


def draw(look: Look, actions: Actions) -> np.ndarray:
    canvas = Canvas(96, Pose(0.47, (0.5, 0.42)), grey=True)
    paint_person(canvas, replace(look, background=(128, 128, 128)), actions)
    return cv2.resize(canvas.pixels[..., 0], (48, 48), interpolation=cv2.INTER_AREA)


def test_the_map_lights_the_mouth_of_a_smile_and_not_the_background(classifier):
    smile = Actions(lip_corner_puller=1.0, lips_part=1.0)  # nothing but the mouth moves
    at_mouth, at_edge, at_brow = [], [], []
    for seed in (2, 3, 4, 5, 8):
        look = faces._draw_look(np.random.default_rng([seed, 0]))
        calm, happy = draw(look, Actions()), draw(look, smile)
        mouth = np.abs(happy.astype(int) - calm) > 25
        assert np.flatnonzero(mouth.any(axis=1)).min() > 24  # only below the nose
        predictions = classifier.predict(happy)
        assert predictions.probabilities[0].argmax() == HAPPY
        shown = heat(predictions.activation_maps[0], HAPPY)
        edge = np.ones((48, 48), bool)
        edge[6:, 6:-6] = False
        at_mouth.append(shown[mouth].mean())
        at_edge.append(shown[edge].mean())
        at_brow.append(shown[:20].mean())
    assert np.mean(at_mouth) > 3 * np.mean(at_edge)
    assert np.mean(at_mouth) > 1.5 * np.mean(at_brow)


def test_heat_compares_the_classes():
    maps = np.full((6, 6, 7), -1.0, np.float32)
    maps[4, 1, 0] = 2.0
    maps[1, 1, 3] = 1.0
    loud, half, silent = heat(maps, 0, 60), heat(maps, 3, 60), heat(maps, 6, 60)
    assert loud.shape == (60, 60)
    assert loud.max() > 0.8
    assert 0.2 < half.max() < loud.max()
    assert silent.max() == 0
    assert strongest_place(loud) == "bottom left"
    assert strongest_place(half) == "top left"
    assert strongest_place(silent) is None


@pytest.mark.parametrize(
    ("spot", "words"), [((10, 10), "top left"), ((24, 24), "centre"), ((40, 24), "bottom centre")]
)
def test_places_in_words(spot, words):
    shown = np.zeros((48, 48))
    shown[spot] = 1
    assert strongest_place(shown) == words


def test_without_heat_the_face_stays_grey():
    face = np.random.default_rng(0).integers(0, 256, (48, 48)).astype(np.uint8)
    assert np.array_equal(overlay(face, np.zeros((48, 48))), np.repeat(face[..., None], 3, axis=2))
    shown = np.zeros((48, 48))
    shown[:24] = 1
    colored = overlay(face, shown).astype(int)
    assert np.ptp(colored[:24], axis=2).min() > 40
    assert np.ptp(colored[24:], axis=2).max() == 0


def test_a_small_map_covers_a_large_face():
    assert overlay(np.zeros((300, 200), np.uint8), np.ones((6, 6))).shape == (300, 200, 3)
