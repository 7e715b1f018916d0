import ast
import re

import pytest

from emotion import paths
from emotion.labels import COLORS, EMOTIONS, UNCERTAIN, color_rgb, how_sure, in_percent, parse_emotion


@pytest.mark.parametrize(
    ("text", "emotion"),
    [
        ("happy", "happy"),
        (" Happiness ", "happy"),
        ("ANGER", "angry"),
        ("fearful", "fear"),
        ("disgusted", "disgust"),
        ("surprised", "surprise"),
        ("sadness", "sad"),
        ("0", "angry"),
        ("6", "neutral"),
        ("7", None),
        ("contempt", None),
        ("", None),
    ],
)
def test_parse_emotion(text, emotion):
    assert parse_emotion(text) == emotion


def test_every_emotion_has_its_own_color():
    assert set(COLORS) == set(EMOTIONS)
    colors = {color_rgb(name) for name in (*EMOTIONS, UNCERTAIN)}
    assert len(colors) == len(EMOTIONS) + 1
    assert color_rgb("happy") == (0xE6, 0x9F, 0x00)


@pytest.mark.parametrize(
    ("probability", "text"), [(0.0, "0%"), (0.004, "0%"), (0.8, "80%"), (0.994, "99%"), (1.0, "99%")]
)
def test_no_model_is_entirely_sure(probability, text):
    assert how_sure(probability) == text


def test_decimals_do_not_round_up_to_certainty():
    assert (how_sure(0.9996, 1), how_sure(0.9984, 1)) == ("99.9%", "99.8%")
    assert (in_percent(0.9996), in_percent(1, 0)) == ("100.0%", "100%")


def test_percent_is_written_by_the_two_functions_alone():
    """Figures may let Plotly format shares; that they do not so tell how sure a model is, their tests say."""
    written = []
    for file in [*(paths.PROJECT / "emotion").rglob("*.py"), *(paths.PROJECT / "pages").rglob("*.py")]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            spec = node.format_spec if isinstance(node, ast.FormattedValue) else None
            is_format = spec is not None
            text = ast.unparse(spec or node) if isinstance(node, ast.expr) else ""
            if is_format or (isinstance(node, ast.Constant) and file.parent.name != "figures"):
                written += [f"{file.name}: {text}"] * bool(re.search(r"\.(\d|\{digits\})%", text))
            elif isinstance(node, ast.Call) and text.startswith("in_percent("):
                written += [f"{file.name}: {text}"] * bool(re.search(r"probabilit|confidence|\bsure\b", text))
    assert {place.split(":")[0] for place in written} == {"labels.py"}, written
