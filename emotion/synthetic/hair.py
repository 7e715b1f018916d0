"""What frames a drawn face: hair, scarf, beard and glasses."""

import math

import numpy as np

from emotion.synthetic.canvas import (
    INK,
    WHITE,
    Canvas,
    blob,
    both_sides,
    curve,
    ellipse,
    mirrored,
    mix,
    moved,
    ribbon,
)
from emotion.synthetic.features import brow_color, mouth_lines
from emotion.synthetic.look import Actions, Look


def _hair_edge(look: Look) -> list[tuple[float, float]]:
    """Return the outer edge of the hair on the right side, from the top of the head down."""
    wide = look.face_width
    if look.hair_style in ("long", "bob"):
        return [(0, -1.22), (0.72 * wide, -1.06), (wide + 0.16, -0.5), (wide + 0.20, 0.3)]
    lift = {"cropped": 0.0, "bald": -0.06}.get(look.hair_style, 0.08)
    return [
        (0, -1.08 - lift),
        (0.72 * wide, -0.94 - lift),
        (wide + 0.04 + lift / 2, -0.35),
        (wide + 0.01, 0.04),
    ]


def paint_back_hair(canvas: Canvas, look: Look) -> None:
    """Paint the hair (or the scarf) that lies behind the head."""
    wide, deep = look.face_width, mix(look.hair, INK, 0.3)
    if look.hair_style == "long":
        right = [*_hair_edge(look), (wide + 0.24, 1.3), (0.6, 1.9), (0, 1.9)]
        canvas.fill(blob(both_sides(right)), deep)
    elif look.hair_style == "bob":
        right = [*_hair_edge(look), (wide + 0.12, 0.92), (0.5, 1.0), (0, 0.9)]
        canvas.fill(blob(both_sides(right)), deep)
    elif look.hair_style == "afro":
        angle = np.arange(120) * (2 * math.pi / 120)
        wave = 1 + 0.025 * np.sin(18 * angle)
        ring = np.stack([(wide + 0.42) * wave * np.cos(angle), 1.02 * wave * np.sin(angle)], axis=1)
        canvas.fill(moved(ring, 0, -0.42), look.hair)
    elif look.hair_style == "bun":
        canvas.fill(ellipse(0, -1.28, 0.34, 0.30), deep)
        canvas.soft(ellipse(-0.08, -1.36, 0.12, 0.08), mix(look.hair, WHITE, 0.3), 0.5, 0.05)
    elif look.hair_style == "scarf":
        right = [(0, -1.25), (0.8 * wide, -1.08), (wide + 0.17, -0.4), (wide + 0.18, 0.4), (wide + 0.1, 1.1)]
        canvas.fill(blob(both_sides([*right, (wide + 0.3, 1.7), (0, 1.9)])), deep)


def paint_front_hair(canvas: Canvas, look: Look, head: np.ndarray) -> None:
    """Paint the hair over the forehead, with its shine; `head` is the outline of the head."""
    if look.hair_style == "scarf":
        _paint_scarf(canvas, look)
        return
    shape = _front_hair(look)
    if look.hair_style == "bald":
        with canvas.inside(head):
            canvas.soft(shape, mix(look.hair, look.skin, 0.3), 0.35, 0.05)
        return
    canvas.fill(shape, look.hair)
    shine, deep = mix(look.hair, (255, 240, 220), 0.28), mix(look.hair, INK, 0.4)
    side = 1 if canvas.pose.light > 0 else -1
    with canvas.inside(shape):
        canvas.soft(ellipse(-0.75 * side, -0.6, 0.25, 0.6), deep, 0.5, 0.12)
        gleam = ribbon([(0.15 * side, -0.98), (0.45 * side, -0.88), (0.68 * side, -0.62)], 0.03, 0.12, 0.03)
        canvas.soft(gleam, shine, 0.7, 0.05)


def _front_hair(look: Look) -> np.ndarray:
    """Return the outline of the hair that lies over the head: its outer edge, then the hairline."""
    wide, part = look.face_width, look.parting
    edge = np.array(_hair_edge(look))
    hangs = look.hair_style in ("long", "bob")
    if hangs:
        edge = np.concatenate([edge, [(wide + 0.12, 0.9 if look.hair_style == "bob" else 1.3)]])
    if look.hair_style == "fringe":
        front = [(0.72 * wide, -0.46), (0.2, -0.48), (-0.3, -0.46), (-0.72 * wide, -0.47)]
    elif hangs or look.hair_style == "parted":
        front = [(0.74 * wide, -0.50), (part, -0.80), (part - 0.25, -0.62), (-0.76 * wide, -0.42)]
    else:
        front = [(0.76 * wide, -0.56), (0.3, -0.70), (-0.3, -0.70), (-0.76 * wide, -0.56)]
    below = [(wide + 0.06, 0.85), (0.93 * wide, 0.35)] if hangs else [(0.95 * wide, 0.04)]
    side = [*below, (0.90 * wide, -0.18)]
    left = [(-x, y) for x, y in side[::-1]]
    outer = curve(np.concatenate([edge[:0:-1] * (-1, 1), edge]))
    return np.concatenate([outer, curve([*side, *front, *left])])


def _paint_scarf(canvas: Canvas, look: Look) -> None:
    wide = look.face_width
    outer = [
        (0, -1.25),
        (0.8 * wide, -1.06),
        (wide + 0.16, -0.4),
        (wide + 0.16, 0.4),
        (0.70, 1.15),
        (0, 1.50),
    ]
    inner = [
        (0, -0.66),
        (0.55 * wide, -0.56),
        (0.88 * wide, -0.1),
        (0.88 * wide, 0.35),
        (0.52, 0.98),
        (0, 1.22),
    ]
    ring_out, ring_in = blob(both_sides(outer)), blob(both_sides(inner))
    shape = np.concatenate([ring_out, ring_out[:1], ring_in[:1], ring_in[::-1]])
    canvas.fill(shape, look.hair)
    with canvas.inside(shape):
        seam = np.concatenate([ring_in, ring_in[:1]])[::4]
        canvas.soft(ribbon(seam, 0.06, 0.06), mix(look.hair, INK, 0.5), 0.6, 0.03)
        gleam = ellipse(0.3 * canvas.pose.light, -0.98, 0.4, 0.08)
        canvas.soft(gleam, mix(look.hair, WHITE, 0.35), 0.6, 0.06)


def paint_beard(canvas: Canvas, look: Look, actions: Actions) -> None:
    """Paint stubble, a moustache or a full beard."""
    hair = mix(brow_color(look), look.skin, 0.12)
    drop = 0.14 * actions.jaw_drop
    outer_up, _, _, outer_down = mouth_lines(look, actions)
    top = float(outer_up[4, 1])
    reach, corner = outer_up[-1].tolist()
    if look.beard != "moustache":
        wide, chin = look.face_width, look.chin_height + drop
        right = [
            (0.0, top - 0.09),
            (reach + 0.01, min(top, corner) - 0.05),
            (reach + 0.20, min(0.58, corner - 0.10)),
            (0.80 * wide, 0.28),
            (0.97 * wide, 0.14),
            (0.96 * wide, 0.34),
            (look.jaw_width - 0.01, 0.74 + drop / 2),
            (look.chin_width, chin - 0.06),
            (0.0, chin - 0.01),
        ]
        strength, blur = (0.32, 0.05) if look.beard == "stubble" else (1.0, 0.02)
        canvas.soft(blob(both_sides(right)), hair, strength, blur)
        if look.beard == "full":
            canvas.soft(ellipse(0, outer_down[4, 1], 0.18, 0.05), look.skin, 0.7, 0.03)
    if look.beard != "stubble":
        half = ribbon([(reach, top + 0.06), (reach * 0.55, top - 0.045), (0, top - 0.06)], 0.02, 0.10, 0.075)
        canvas.fill(mirrored(half), hair)


def paint_glasses(canvas: Canvas, look: Look) -> None:
    """Paint glasses."""
    frame = (48, 44, 52)
    rim = ellipse(look.eye_distance, 0.02, 0.29, 0.235)
    lens = ellipse(look.eye_distance, 0.02, 0.262, 0.207)
    ring = np.concatenate([rim, rim[:1], lens[:1], lens[::-1]])
    start, gap = look.eye_distance + 0.28, look.eye_distance - 0.275
    arm = ribbon([(start, -0.03), (look.face_width - 0.02, -0.05)], 0.028, 0.028)
    canvas.soft(mirrored(lens), WHITE, 0.08, 0.01)
    canvas.fill(mirrored(ring), frame)
    canvas.fill([*mirrored(arm), ribbon([(-gap, 0), (0, -0.03), (gap, 0)], 0.028, 0.028)], frame)
