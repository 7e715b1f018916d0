"""How a head is held, on points of faces turned by known angles."""

import numpy as np
import pytest

from emotion.faces.pose import FOCAL_LENGTH, MEAN_FACE, RELIABLE_DEGREES, HeadPose, head_pose, turn_matrix

SIZE = (640, 480)


def seen(pose: HeadPose, face: np.ndarray = MEAN_FACE, view: float = 1.0, away: float = 8.0) -> np.ndarray:
    """The points (5, 2) of a face held so, as a camera sees them; `away` in distances of the eyes."""
    points = (face - face.mean(axis=0)) @ turn_matrix(pose).T + (0.5, -0.3, away)
    return points[:, :2] / points[:, 2:] * view * FOCAL_LENGTH * max(SIZE) + np.array(SIZE) / 2


def degrees(pose: HeadPose) -> np.ndarray:
    return np.array([pose.yaw, pose.pitch, pose.roll])


@pytest.mark.parametrize(
    "pose",
    [
        HeadPose(0, 0, 0), HeadPose(25, 0, 0), HeadPose(-25, 0, 0), HeadPose(0, 20, 0), HeadPose(0, -20, 0),
        HeadPose(0, 0, 40), HeadPose(15, -10, -20), HeadPose(60, 10, 5),
    ],
    ids=str,
)  # fmt: skip
def test_the_mean_face_is_read_exactly(pose):
    assert degrees(head_pose(seen(pose), SIZE)) == pytest.approx(degrees(pose), abs=1e-4)


def test_signs_are_those_of_the_docstring():
    # The nose of a head turned to the viewer's right lies right of the middle of the eyes; of one with the
    # chin lowered it lies further down; a head tilted clockwise has its left eye lower.
    straight, turned, lowered, tilted = (
        seen(HeadPose(*angles)) for angles in ((0, 0, 0), (20, 0, 0), (0, 20, 0), (0, 0, 20))
    )
    assert turned[2, 0] - turned[:2, 0].mean() > straight[2, 0] - straight[:2, 0].mean() + 5
    nose = [(points[2, 1] - points[0, 1]) / (points[3, 1] - points[0, 1]) for points in (straight, lowered)]
    assert nose[1] > nose[0] + 0.1
    assert tilted[1, 1] > tilted[0, 1] + 5


def test_the_error_is_the_one_that_the_docstring_tells():
    random = np.random.default_rng(0)
    errors = []
    for _ in range(400):
        pose = HeadPose(*random.uniform(-30, 30, 3))
        face = MEAN_FACE * (1 + 0.06 * random.standard_normal(3))
        points = seen(pose, face, random.uniform(0.8, 1.2), random.uniform(5, 15))
        points += 0.015 * np.linalg.norm(points[1] - points[0]) * random.standard_normal((5, 2))
        errors.append(np.abs(degrees(head_pose(points, SIZE)) - degrees(pose)))
    assert np.mean(errors, axis=0) == pytest.approx([2.3, 2.6, 0.6], abs=0.15)
    assert np.percentile(errors, 95, axis=0) == pytest.approx([6.0, 7.0, 1.4], abs=0.3)


@pytest.mark.parametrize(
    ("pose", "reliable"),
    [
        (HeadPose(0, 0, 90), True),
        (HeadPose(RELIABLE_DEGREES, -RELIABLE_DEGREES, 0), True),
        (HeadPose(RELIABLE_DEGREES + 1, 0, 0), False),
        (HeadPose(0, -RELIABLE_DEGREES - 1, 0), False),
        (HeadPose(float("nan"), 0, 0), False),
    ],
)
def test_a_head_turned_too_far_is_less_reliable(pose, reliable):
    assert pose.is_reliable is reliable


def test_points_that_tell_nothing_give_no_number():
    pose = head_pose(np.full((5, 2), 100.0), SIZE)
    assert not pose.is_reliable
    assert np.isnan(degrees(pose)).all()


def test_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"\(5, 2\)"):
        head_pose(np.zeros((4, 2)), SIZE)
