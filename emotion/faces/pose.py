"""How a head is held, from the detector's five points: a mean face in space, laid over them.

Measured on points of faces turned by known angles, up to 30 degrees each way (`tests/faces/test_pose.py`
holds it to this): exact for the mean face seen by the camera that is assumed. Where faces differ from the
mean by 6 % in their height, breadth and depth, cameras by 20 % in their angle of view, and points are 1.5 %
of the distance of the eyes off, it is 2.3 degrees off in yaw on average, 2.6 in pitch, 0.6 in roll; 95 % are
within 6.0, 7.0 and 1.4. How far off the detector's points are on photographs of turned heads is not part of
that.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

# Right eye, left eye, tip of the nose, corners of the mouth, in distances of the eyes: x to the left of the
# person, y down, z away from the camera. x and y are the median of what YuNet finds in 834 frontal faces of
# FER-2013's test split, turned upright; depths are those of adult faces (nose 26 mm before the eyes, which
# are 63 mm apart).
MEAN_FACE = np.array(
    [(-0.5, 0.0, 0.0), (0.5, 0.0, 0.0), (0.0, 0.556, -0.42), (-0.41, 1.02, 0.02), (0.41, 1.02, 0.02)]
)
# The camera is not known: one that sees 53 degrees across the longer side, as phones and webcams about do.
FOCAL_LENGTH = 1.0
# Past so many degrees of yaw or pitch an answer is less reliable: the training pictures hold few such faces,
# and half of the face is out of sight.
RELIABLE_DEGREES = 30.0


@dataclass(frozen=True)
class HeadPose:
    """How a head is held, in degrees; NaN where the points do not tell.

    Attributes:
        yaw: -180 to 180; positive: turned to the viewer's right.
        pitch: -90 to 90; positive: the chin lowered.
        roll: -180 to 180; positive: tilted clockwise, as the viewer sees it.
    """

    yaw: float
    pitch: float
    roll: float

    @property
    def is_reliable(self) -> bool:
        """Whether the head is turned little enough for an answer one can rely on."""
        # Of NaN, no comparison holds.
        return abs(self.yaw) <= RELIABLE_DEGREES and abs(self.pitch) <= RELIABLE_DEGREES


def head_pose(landmarks: np.ndarray, size: tuple[int, int]) -> HeadPose:
    """Return how the head is held that has these points.

    Args:
        landmarks: (5, 2), x and y in pixels, in the order of `DetectedFace.landmarks`.
        size: width and height of the picture in pixels.

    Raises:
        ValueError: `landmarks` has another shape.
    """
    points = np.asarray(landmarks, np.float64)
    if points.shape != (5, 2):
        raise ValueError(f"landmarks must have the shape (5, 2), got {points.shape}")
    focal = FOCAL_LENGTH * max(size)
    camera = np.array([[focal, 0, size[0] / 2], [0, focal, size[1] / 2], [0, 0, 1]])
    try:
        found, turn, _ = cv2.solvePnP(
            MEAN_FACE, points.reshape(-1, 1, 2), camera, None, flags=cv2.SOLVEPNP_SQPNP
        )
    except cv2.error:  # points that are all the same
        found = False
    if not found or not np.isfinite(turn).all():
        return HeadPose(math.nan, math.nan, math.nan)
    return _angles(cv2.Rodrigues(turn)[0])


def turn_matrix(pose: HeadPose) -> np.ndarray:
    """Return the (3, 3) rotation of a head held so: first yaw, then pitch, then roll."""
    yaw, pitch, roll = (math.radians(angle) for angle in (-pose.yaw, pose.pitch, pose.roll))
    about_y = [[math.cos(yaw), 0, math.sin(yaw)], [0, 1, 0], [-math.sin(yaw), 0, math.cos(yaw)]]
    about_x = [[1, 0, 0], [0, math.cos(pitch), -math.sin(pitch)], [0, math.sin(pitch), math.cos(pitch)]]
    about_z = [[math.cos(roll), -math.sin(roll), 0], [math.sin(roll), math.cos(roll), 0], [0, 0, 1]]
    return np.array(about_z) @ np.array(about_x) @ np.array(about_y)


def _angles(turn: np.ndarray) -> HeadPose:
    """Return the angles of a rotation as `turn_matrix` composes it."""
    pitch = math.asin(min(1.0, max(-1.0, turn[2, 1])))
    yaw = -math.atan2(-turn[2, 0], turn[2, 2])
    roll = math.atan2(-turn[0, 1], turn[1, 1])
    return HeadPose(*(math.degrees(angle) for angle in (yaw, pitch, roll)))
