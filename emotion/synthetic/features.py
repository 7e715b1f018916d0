"""The features of a drawn face: nose, eyes, brows and mouth, and how muscles move them."""

import numpy as np

from emotion.synthetic.canvas import (
    INK,
    WHITE,
    Canvas,
    curve,
    ellipse,
    lit,
    mirrored,
    mix,
    moved,
    ribbon,
    shade,
)
from emotion.synthetic.look import Actions, Color, Look


def paint_nose(canvas: Canvas, look: Look, actions: Actions) -> None:
    """Paint the nose, lit from one side."""
    dark, bright, line = shade(look.skin), lit(look.skin), shade(look.skin, 1.5)
    light = -1 if canvas.pose.light < 0 else 1
    wide = look.nose_width * (1 + 0.22 * actions.nose_wrinkler + 0.08 * actions.lip_corner_puller)
    tip = look.nose_length - 0.05 * actions.nose_wrinkler
    slide = np.array([0.25 * canvas.pose.yaw, 0])  # the nose stands out, so it slides further
    outer = [(0.10, -0.16), (0.07, 0.05), (0.08, tip - 0.12), (wide, tip), (wide * 0.9, tip + 0.04)]
    flank = np.array([*outer, (0.03, tip + 0.02), (0.02, 0.1), (0.05, -0.16)])
    for side, strength in ((-light, 0.55), (light, 0.16)):
        canvas.soft(flank * (side, 1) + slide, dark, strength, 0.03)
    canvas.soft(ellipse(slide[0], tip + 0.055, wide * 0.95, 0.035), dark, 0.75, 0.022)
    shines = [ellipse(slide[0] + 0.01 * light, 0.14, 0.028, tip - 0.27)]
    shines.append(ellipse(slide[0] + 0.02 * light, tip - 0.05, 0.055, 0.045))
    canvas.soft(shines, bright, 0.6, 0.025)
    wing = ribbon(
        [(wide * 0.92, tip - 0.07), (wide * 1.08, tip), (wide * 0.85, tip + 0.05)], 0.008, 0.028, 0.012
    )
    canvas.soft([each + slide for each in mirrored(wing)], line, 0.7, 0.008)
    nostril = ellipse(wide * 0.48, tip + 0.035, 0.042, 0.02)
    canvas.soft([each + slide for each in mirrored(nostril)], mix(line, INK, 0.6), 0.8, 0.010)


def _lid_heights(look: Look, actions: Actions) -> tuple[float, float]:
    """Return how far the upper and the lower lid stand from the line between the eye's corners."""
    open_up = 1 + 0.42 * actions.upper_lid_raiser - 0.30 * actions.lid_tightener
    open_up -= 0.20 * actions.cheek_raiser + 0.25 * actions.nose_wrinkler
    open_up -= 0.22 * actions.inner_brow_raiser * actions.lip_corner_depressor  # sad lids hang
    open_down = 1 + 0.15 * actions.upper_lid_raiser - 0.40 * actions.lid_tightener
    open_down -= 0.50 * actions.cheek_raiser + 0.40 * actions.nose_wrinkler
    return 0.115 * look.eye_size * max(open_up, 0.25), 0.072 * look.eye_size * max(open_down, 0.15)


def paint_eyes(canvas: Canvas, look: Look, actions: Actions) -> None:
    """Paint both eyes with their lids and lashes."""
    half = 0.18 * look.eye_size
    upper, lower = _lid_heights(look, actions)
    tilt = look.eye_tilt - 0.03 * actions.inner_brow_raiser * actions.lip_corner_depressor
    here = np.array([look.eye_distance, 0.0])
    outer = (half, -tilt)
    lid = [(-half, 0.02), (-0.62 * half, -0.70 * upper), (0, -upper), (0.62 * half, -0.75 * upper), outer]
    under = [outer, (0.6 * half, 0.75 * lower), (0, lower), (-0.6 * half, 0.7 * lower)]
    lid, under = np.array(lid) + here, np.array(under) + here
    dark = shade(look.skin)
    canvas.soft(mirrored(ellipse(here[0], -0.03, half * 1.25, 0.17)), dark, 0.30, 0.06)
    crease = ribbon(moved(lid[1:], 0.012, -0.052 + 0.02 * actions.upper_lid_raiser), 0.006, 0.024, 0.006)
    canvas.soft(mirrored(crease), shade(look.skin, 1.3), 0.6, 0.008)
    strength = 0.10 + 0.3 * look.age + 0.45 * max(actions.cheek_raiser, actions.lid_tightener)
    bag = ribbon(moved(under[1:], 0, 0.055), 0.006, 0.028, 0.006)
    canvas.soft(mirrored(bag), dark, strength, 0.012)
    opening = np.concatenate([curve(lid), curve([*under, lid[0]])[1:-1]])
    with canvas.inside(mirrored(opening)):
        _paint_eyeballs(canvas, look, upper, half)
    canvas.soft(mirrored(ribbon(under, 0.016, 0.012, 0.004)), shade(look.skin, 1.6), 0.75, 0.006)
    lashes = ribbon(moved(lid, 0, -0.006), 0.006, 0.030, 0.036, 0.036, 0.012)
    canvas.fill(mirrored(lashes), mix(INK, look.skin, 0.06))


def _paint_eyeballs(canvas: Canvas, look: Look, upper: float, half: float) -> None:
    canvas.fill(mirrored(ellipse(look.eye_distance, 0, half * 1.3, half * 1.3)), (247, 244, 240))
    gaze_x, gaze_y = look.gaze
    y, radius = 0.03 * gaze_y - 0.012, 0.096 * look.eye_size
    eyes = (0.06 * gaze_x - look.eye_distance, 0.06 * gaze_x + look.eye_distance)
    canvas.fill([ellipse(x, y, radius, radius) for x in eyes], mix(look.iris, INK, 0.55))
    canvas.fill([ellipse(x, y + 0.006, radius * 0.82, radius * 0.82) for x in eyes], look.iris)
    canvas.fill([ellipse(x, y, radius * 0.46, radius * 0.46) for x in eyes], INK)
    shadow = mirrored(ellipse(look.eye_distance, -upper - 0.02, half * 1.2, 0.045))
    canvas.soft(shadow, (60, 44, 48), 0.5, 0.022)
    glint = 0.035 if canvas.pose.light > 0 else -0.035
    canvas.fill([ellipse(x + glint, y - 0.036, 0.024, 0.024) for x in eyes], WHITE)


def paint_brows(canvas: Canvas, look: Look, actions: Actions) -> None:
    """Paint both brows."""
    weight = look.brow_weight
    shapes = [
        ribbon(_brow_line(look, actions, side), 0.034 * weight, 0.076 * weight, 0.066 * weight, 0.014)
        for side in (-1, 1)
    ]
    canvas.soft([moved(shape, 0, 0.03) for shape in shapes], shade(look.skin), 0.3, 0.03)
    canvas.fill(shapes, brow_color(look))


def _brow_line(look: Look, actions: Actions, side: int) -> np.ndarray:
    raised = actions.inner_brow_raiser * (1 + look.lopsided * side)
    # With the inner ends pulled up, the lowerer draws the brows together more than down.
    inner_up = 0.14 * raised - 0.10 * actions.brow_lowerer + 0.07 * min(actions.brow_lowerer, raised)
    inner_up -= 0.05 * actions.nose_wrinkler
    outer_up = 0.11 * actions.outer_brow_raiser * (1 + look.lopsided * side)
    outer_up -= 0.03 * actions.brow_lowerer + 0.02 * actions.nose_wrinkler
    x, base = 0.155 - 0.05 * actions.brow_lowerer, -look.brow_height - 0.02
    line = [
        (x, base + 0.005 - inner_up),
        (x + 0.12, base - 0.018 - 0.72 * inner_up - 0.28 * outer_up),
        (x + 0.28, base - look.brow_arch - 0.2 * inner_up - 0.8 * outer_up),
        (look.eye_distance + 0.24, base + 0.04 - outer_up),
    ]
    return np.array(line) * (side, 1)


def brow_color(look: Look) -> Color:
    """Return the colour of the brows, which a beard takes too."""
    base = (52, 38, 34) if look.hair_style == "scarf" else look.hair
    return mix(mix(base, INK, 0.35), look.skin, 0.10)


def mouth_lines(look: Look, actions: Actions) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return four lines from the left corner to the right: the upper lip's edges, then the lower lip's."""
    smile, frown = actions.lip_corner_puller, actions.lip_corner_depressor
    stretch, press, sneer = actions.lip_stretcher, actions.lip_tightener, actions.nose_wrinkler
    across = np.linspace(-1, 1, 9)
    dome = 1 - across**2
    # A stretched mouth opens like a slot, any other like a lens.
    flat = min(stretch + 0.5 * actions.lower_lip_depressor, 1.0)
    # A dropped jaw rounds the mouth unless smiling or stretching holds its corners apart.
    rounding = min(actions.jaw_drop, 1.0) * max(0.0, 1 - stretch - smile)
    lens = dome + flat * (across**2 - across**4) + 1.1 * rounding * (np.sqrt(dome) - dome)
    half = look.mouth_width * (1 + 0.38 * smile + 0.22 * stretch - 0.30 * rounding - 0.10 * press)
    corner = 0.10 * frown - 0.11 * smile + 0.025 * stretch
    line = look.mouth_height + corner * (1 + 0.6 * look.lopsided * across) * across**2
    line += dome * (0.025 * smile - 0.045 * frown - 0.05 * sneer) + 0.04 * actions.jaw_drop
    gap = 0.31 * actions.jaw_drop + 0.13 * actions.lips_part * (1 + 0.5 * min(smile, 1.0))
    upper_in = line - lens * (0.28 * gap * (1 - 0.8 * min(smile, 1.0)))
    lower_in = line + lens * (0.72 * gap + 0.02 * actions.lower_lip_depressor)
    thick = 0.075 * look.lip_weight * (1 - 0.6 * min(press, 1.0)) * (1 - 0.22 * smile - 0.2 * stretch)
    bow = np.array([0, 0.50, 0.80, 1.02, 0.86, 1.02, 0.80, 0.50, 0])
    full = np.array([0, 0.48, 0.84, 1.03, 1.08, 1.03, 0.84, 0.48, 0])
    lines = (upper_in - thick * 0.85 * bow, upper_in, lower_in, lower_in + thick * 1.15 * full)
    outer_up, inner_up, inner_down, outer_down = (np.stack([half * across, y], axis=1) for y in lines)
    return outer_up, inner_up, inner_down, outer_down


def paint_mouth(canvas: Canvas, look: Look, actions: Actions) -> None:
    """Paint the lips, their shadows, and what shows between them."""
    outer_up, inner_up, inner_down, outer_down = mouth_lines(look, actions)
    lip = mix(look.skin, (186, 62, 72), look.lip_color)
    dark, line = shade(look.skin), mix(shade(lip, 1.3), INK, 0.25)
    below = float(outer_down[4, 1])
    shadows = [ellipse(0, below + 0.05, 0.17, 0.035), ellipse(0, outer_up[4, 1] - 0.07, 0.03, 0.04)]
    canvas.soft(shadows, dark, 0.4, 0.03)
    frown = actions.lip_corner_depressor
    crease = ribbon([(0.31, below), (0.35, below + 0.13)], 0.05, 0.01)
    canvas.soft(mirrored(crease), dark, 0.5 * frown, 0.02)
    # The corners sink into the cheeks.
    x, y = outer_up[-1]
    hook = 0.04 * (frown - actions.lip_corner_puller)
    corner = ribbon([(x - 0.03, y), (x, y), (x + 0.03, y + hook)], 0.02, 0.035, 0.015)
    canvas.soft(mirrored(corner), shade(look.skin, 1.4), 0.5, 0.014)
    canvas.fill(np.concatenate([curve(inner_down), curve(outer_down)[::-1]]), mix(lip, look.skin, 0.12))
    canvas.fill(np.concatenate([curve(outer_up), curve(inner_up)[::-1]]), mix(lip, shade(lip), 0.45))
    canvas.soft(ellipse(0.03 * canvas.pose.light, below - 0.05, 0.09, 0.015), WHITE, 0.30, 0.015)
    gap = float(inner_down[4, 1] - inner_up[4, 1])
    if gap > 0.03:
        bared = 0.34 + 0.3 * min(actions.lip_corner_puller, 1.0) - 0.16 * min(actions.jaw_drop, 1.0)
        _paint_open_mouth(canvas, inner_up, inner_down, bared)
    else:
        canvas.fill(ribbon(inner_up, 0.010, 0.026, 0.024, 0.026, 0.010), line)


def _paint_open_mouth(canvas: Canvas, inner_up: np.ndarray, inner_down: np.ndarray, bared: float) -> None:
    """Paint what shows between the lips: the dark, the tongue, and teeth over `bared` of the gap."""
    upper, opening = curve(inner_up), np.concatenate([curve(inner_up), curve(inner_down)[::-1]])
    middle, width = float(inner_up[4, 1]), float(inner_up[-1, 0])
    gap = float(inner_down[4, 1]) - middle
    canvas.fill(opening, (74, 26, 32))
    with canvas.inside(opening):
        if gap > 0.12:
            canvas.soft(ellipse(0, middle + gap * 1.02, width * 0.62, gap * 0.36), (196, 92, 96), 0.9, 0.02)
        if gap > 0.05:
            teeth = moved(upper, 0, min(gap * bared, 0.11))[::-1]
            canvas.fill(np.concatenate([moved(upper, 0, -0.03), teeth]), (246, 242, 234))
        canvas.soft(ribbon(inner_up, 0.03, 0.03), (90, 50, 52), 0.6, 0.015)
        canvas.soft(mirrored(ellipse(width, middle, 0.05, 0.2)), (74, 26, 32), 0.6, 0.03)
