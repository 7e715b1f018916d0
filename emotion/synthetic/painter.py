"""A painter of drawn people: `paint_person` turns the records of a face into pixels.

From it on down: this module knows body, head and skin, `features` and `hair` what is on them, `canvas`
curves and colours, and `look` the records.
"""

import numpy as np

from emotion.synthetic.canvas import (
    INK,
    Canvas,
    blob,
    both_sides,
    curve,
    ellipse,
    lit,
    mirrored,
    mix,
    ribbon,
    shade,
)
from emotion.synthetic.features import paint_brows, paint_eyes, paint_mouth, paint_nose
from emotion.synthetic.hair import paint_back_hair, paint_beard, paint_front_hair, paint_glasses
from emotion.synthetic.look import Actions, Color, Look


def paint_person(canvas: Canvas, look: Look, actions: Actions) -> None:
    """Paint background, shoulders, head and face onto the canvas, from the back to the front."""
    canvas.frame = "body"
    canvas.pixels[:] = canvas.tone(look.background)
    canvas.frame = "head"
    paint_back_hair(canvas, look)
    canvas.frame = "body"
    _paint_body(canvas, look, actions)
    canvas.frame = "head"
    outline = _head_outline(look, actions)
    _paint_head(canvas, look, outline)
    with canvas.inside(outline):
        canvas.frame = "face"
        _paint_skin(canvas, look, actions)
        paint_nose(canvas, look, actions)
        if look.beard != "none":
            paint_beard(canvas, look, actions)
        paint_mouth(canvas, look, actions)
    paint_eyes(canvas, look, actions)
    paint_brows(canvas, look, actions)
    if look.glasses:
        paint_glasses(canvas, look)
    canvas.frame = "head"
    paint_front_hair(canvas, look, outline)


def _paint_body(canvas: Canvas, look: Look, actions: Actions) -> None:
    """Paint neck and shoulders; the chin's shadow on the neck is what lifts the head off it."""
    covered = look.hair_style == "scarf"
    neck_color = look.hair if covered else mix(look.skin, shade(look.skin), 0.35)
    side = np.concatenate([curve([(0.45, 0.5), (0.43, 1.0), (0.46, 1.30), (0.60, 1.52)]), [(0.60, 2.4)]])
    neck = both_sides(side)
    canvas.fill(neck, neck_color)
    with canvas.inside(neck):
        canvas.soft(ellipse(0.0, 1.05 + 0.14 * actions.jaw_drop, 0.52, 0.24), shade(neck_color), 0.8, 0.06)
    collar = curve([(0.40, 1.47), (0.27, 1.68), (0, 1.77), (-0.27, 1.68), (-0.40, 1.47)])
    right = curve([(0.40, 1.47), (0.62, 1.50), (1.05, 1.64), (1.36, 1.90), (1.50, 2.5), (1.55, 3.2)])
    torso = np.concatenate([right, (right * (-1, 1))[::-1], collar[::-1]])
    if not canvas.shows(torso):  # as in a tight crop
        return
    canvas.fill(torso, look.shirt)
    dark = mix(look.shirt, INK, 0.3)
    canvas.fill(ribbon(collar[::6], 0.02, 0.05, 0.02), dark)
    with canvas.inside(torso):
        far = -1 if canvas.pose.light > 0 else 1
        canvas.soft(ellipse(1.3 * far, 2.2, 0.45, 0.8), dark, 0.5, 0.2)


def _head_outline(look: Look, actions: Actions) -> np.ndarray:
    wide, chin, drop = look.face_width, look.chin_height, 0.14 * actions.jaw_drop
    right = [
        (0, -1.06),
        (0.48 * wide, -0.98),
        (0.86 * wide, -0.64),
        (wide, -0.08),
        (0.97 * wide, 0.32),
        (look.jaw_width, 0.74 + drop / 2),
        (look.chin_width, chin - 0.05 + drop),
        (0, chin + drop),
    ]
    return blob(both_sides(right))


def _paint_head(canvas: Canvas, look: Look, outline: np.ndarray) -> None:
    """Paint ears and skin, with the soft light and shadow that make the head round."""
    skin, dark, bright = look.skin, shade(look.skin), lit(look.skin)
    wide, chin, light = look.face_width, float(outline[:, 1].max()), canvas.pose.light
    if look.hair_style not in ("scarf", "long", "bob"):
        canvas.fill(mirrored(ellipse(wide + 0.02, 0.10, 0.10, 0.20)), mix(skin, dark, 0.25))
        canvas.soft(mirrored(ellipse(wide + 0.03, 0.10, 0.045, 0.11)), dark, 0.7, 0.02)
    canvas.fill(outline, skin)
    upper = [(1.15 * wide, -0.7), (1.25 * wide, 0.1), (wide, 1.1), (0.60 * wide, 1.25)]
    edge = blob([*upper, (0.80 * wide, 0.65), (0.98 * wide, 0.1), (0.93 * wide, -0.5)])
    with canvas.inside(outline):
        # Shadow gathers along both edges, most on the side away from the light.
        for side in (-1, 1):
            canvas.soft(edge * (side, 1), dark, 0.34 - 0.30 * side * light, 0.09)
        canvas.soft(ellipse(0, chin + 0.12, 0.5, 0.10), dark, 0.45, 0.08)
        canvas.soft(ellipse(0.18 * light, -0.48, 0.36, 0.17), bright, 0.5, 0.12)
        canvas.soft(ellipse(0, chin - 0.10, 0.12, 0.06), bright, 0.35, 0.05)


def _paint_skin(canvas: Canvas, look: Look, actions: Actions) -> None:
    """Paint the cheeks, and the lines that skin folds into when muscles pull."""
    lift = 0.08 * max(actions.cheek_raiser, actions.lip_corner_puller)
    blush = mix(look.skin, (214, 84, 74), 0.38)
    canvas.soft(mirrored(ellipse(0.47, 0.38 - lift, 0.19, 0.13)), blush, 0.55, 0.09)
    strength = 0.30 + 0.35 * actions.cheek_raiser
    canvas.soft(mirrored(ellipse(0.45, 0.26 - lift, 0.15, 0.07)), lit(look.skin), strength, 0.06)
    dark = shade(look.skin, 1.25)
    _paint_brow_folds(canvas, look, actions, dark)
    _paint_cheek_folds(canvas, look, actions, dark)
    bridge = [
        ribbon([(-0.10, y + 0.03), (0, y), (0.10, y + 0.03)], 0.005, 0.032, 0.005) for y in (-0.05, 0.04)
    ]
    canvas.soft(bridge, dark, 0.75 * actions.nose_wrinkler, 0.012)


def _paint_brow_folds(canvas: Canvas, look: Look, actions: Actions, dark: Color) -> None:
    """Paint the lines across the forehead, and the upright ones between the brows."""
    # Raised by its inner ends alone, the brow wrinkles the middle of the forehead only.
    half = 0.22 + 0.22 * actions.outer_brow_raiser
    bend = 0.03 - 0.06 * min(actions.outer_brow_raiser, 1.0)
    lines = [
        ribbon([(-half, y + bend), (-half / 2, y), (half / 2, y), (half, y + bend)], 0.005, 0.032, 0.005)
        for y in (-0.48, -0.58)
    ]
    raised = (actions.inner_brow_raiser + actions.outer_brow_raiser) / 2
    canvas.soft(lines, dark, raised * (0.45 + 0.5 * look.age) + 0.3 * max(look.age - 0.5, 0), 0.012)
    frown = ribbon([(0.085, -0.36), (0.07, -0.26), (0.085, -0.15)], 0.005, 0.035, 0.005)
    canvas.soft(mirrored(frown), dark, actions.brow_lowerer * (0.6 + 0.3 * look.age), 0.012)


def _paint_cheek_folds(canvas: Canvas, look: Look, actions: Actions, dark: Color) -> None:
    """Paint the folds from the nose to the corners of the mouth, and the crow's feet."""
    smile, sneer = actions.lip_corner_puller, actions.nose_wrinkler
    top = look.nose_length - 0.03 - 0.06 * sneer
    spread = 0.10 * smile + 0.06 * actions.lip_stretcher
    beside = [
        (look.nose_width + 0.06, top),
        (look.nose_width + 0.14 + spread / 2, top + 0.12),
        (look.mouth_width + 0.08 + spread, look.mouth_height - 0.08 - 0.03 * smile),
        (look.mouth_width + 0.09 + spread, look.mouth_height + 0.03),
    ]
    strength = 0.08 + 0.25 * look.age + 0.25 * smile + 0.4 * sneer + 0.15 * actions.lip_corner_depressor
    canvas.soft(mirrored(ribbon(beside, 0.01, 0.045, 0.008)), dark, min(strength, 0.65), 0.018)
    x = look.eye_distance + 0.23
    feet = [
        ribbon([(x, 0.02 + y / 3), (x + 0.06, 0.02 + y), (x + 0.10, 0.03 + 1.6 * y)], 0.02, 0.004)
        for y in (-0.05, 0.05)
    ]
    feet += [each * (-1, 1) for each in feet]
    canvas.soft(feet, dark, actions.cheek_raiser * (0.2 + 0.5 * look.age), 0.01)
