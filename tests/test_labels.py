import pytest

from emotion.labels import COLORS, EMOTIONS, UNCERTAIN, color_rgb, how_sure, parse_emotion


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
