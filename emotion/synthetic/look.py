"""What a drawn face looks like, how it is held, and what its muscles do: three small records.

Lengths are in face units: the eyes lie on y = 0 around x = 0, the chin near y = 1.1, the top of the
skull near y = -1, and y grows downwards.
"""

from dataclasses import dataclass, field

Color = tuple[int, int, int]

HAIR_STYLES = ("bald", "cropped", "parted", "fringe", "bob", "long", "afro", "bun", "scarf")
BEARDS = ("stubble", "moustache", "full")


@dataclass(frozen=True)
class Actions:
    """What the muscles of a face do, each from 0 (at rest) to about 1 (fully).

    The names are those of the action units of the Facial Action Coding System (P. Ekman and
    W. V. Friesen, "Facial Action Coding System", Consulting Psychologists Press, 1978).
    """

    inner_brow_raiser: float = 0.0  # AU1
    outer_brow_raiser: float = 0.0  # AU2
    brow_lowerer: float = 0.0  # AU4
    upper_lid_raiser: float = 0.0  # AU5
    cheek_raiser: float = 0.0  # AU6
    lid_tightener: float = 0.0  # AU7
    nose_wrinkler: float = 0.0  # AU9
    lip_corner_puller: float = 0.0  # AU12
    lip_corner_depressor: float = 0.0  # AU15
    lower_lip_depressor: float = 0.0  # AU16
    lip_stretcher: float = 0.0  # AU20
    lip_tightener: float = 0.0  # AU23
    lips_part: float = 0.0  # AU25
    jaw_drop: float = 0.0  # AU26


def _between(low: float, high: float, usual: float) -> float:
    """Return a field that differs from person to person: its bounds, and what it is where nobody says."""
    return field(default=usual, metadata={"between": (low, high)})


@dataclass(frozen=True)
class Look:
    """What one person looks like; lengths in face units, colours in red, green, blue."""

    skin: Color = (224, 172, 132)
    hair: Color = (58, 40, 32)
    iris: Color = (92, 62, 40)
    shirt: Color = (62, 104, 122)
    background: Color = (233, 240, 245)
    hair_style: str = "parted"  # one of HAIR_STYLES
    beard: str = "none"  # or one of BEARDS
    glasses: bool = False
    face_width: float = _between(0.75, 0.86, 0.80)
    jaw_width: float = _between(0.58, 0.69, 0.60)
    chin_width: float = _between(0.24, 0.36, 0.27)
    chin_height: float = _between(1.07, 1.18, 1.12)
    eye_size: float = _between(0.9, 1.14, 1.0)
    eye_distance: float = _between(0.335, 0.385, 0.36)
    eye_tilt: float = _between(-0.01, 0.035, 0.0)
    brow_height: float = _between(0.21, 0.29, 0.25)
    brow_weight: float = _between(0.65, 1.25, 1.0)
    brow_arch: float = _between(0.01, 0.065, 0.04)
    nose_length: float = _between(0.38, 0.47, 0.43)
    nose_width: float = _between(0.12, 0.18, 0.15)
    mouth_width: float = _between(0.25, 0.33, 0.29)
    mouth_height: float = _between(0.7, 0.76, 0.73)
    lip_weight: float = _between(0.7, 1.4, 1.0)
    lip_color: float = _between(0.28, 0.6, 0.4)
    age: float = _between(0.0, 0.8, 0.2)
    lopsided: float = _between(-0.15, 0.15, 0.0)
    parting: float = _between(-0.1, 0.4, 0.3)
    gaze: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True)
class Pose:
    """Where a face lies on the canvas (shares of its side), how it is turned, where light comes from.

    `unit` is the length of one face unit, `roll` the tilt in radians, `yaw` and `pitch` how far the
    features slide over the head in face units, `light` the side of the light from -1 (left) to 1.
    """

    unit: float
    center: tuple[float, float]
    roll: float = 0.0
    yaw: float = 0.0
    pitch: float = 0.0
    light: float = -0.6
