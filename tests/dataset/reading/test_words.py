"""What names say of emotions and splits: for certain, likely, or not at all."""

import pytest

from emotion.dataset.face_dataset import DatasetError
from emotion.dataset.reading.answers import ORDERS, Answers, order, orders_for, parse_labels
from emotion.dataset.reading.legend import read_legend
from emotion.dataset.reading.words import (
    NONE,
    code_of,
    emotion_of,
    guess_emotion,
    guess_split,
    split_of,
    usage_name,
)
from emotion.labels import EMOTIONS


@pytest.mark.parametrize(
    ("text", "emotion"),
    [
        *((name, name) for name in EMOTIONS),
        ("Happiness", "happy"),
        (" ANGER ", "angry"),
        ("joy", "happy"),
        ("scared", "fear"),
        ("neutrality", "neutral"),
        ("0_angry", "angry"),
        ("3-happy", "happy"),
        ("6. Neutral", "neutral"),
        ("1_surprise", "surprise"),
        ("angry_faces", "angry"),
        ("Happy Face", "happy"),
        ("FacesOfFear", "fear"),
        ("train_sad", "sad"),
        ("happy2", "happy"),
        ("contempt", NONE),
        ("7_contempt", NONE),
        ("not_a_face", NONE),
        ("Unknown", NONE),
        ("suprise", None),
        ("not_happy", None),
        ("unhappy", None),
        ("happily surprised", None),
        ("happy_sad", None),
        ("images", None),
        ("3", None),
        ("person0", None),
        ("", None),
    ],
)
def test_what_a_name_says_for_certain(text, emotion):
    assert emotion_of(text) == emotion


@pytest.mark.parametrize(
    ("text", "emotion"),
    [
        ("suprise", "surprise"),
        ("Surprice", "surprise"),
        ("neural", "neutral"),
        ("hapy", "happy"),
        ("angery", "angry"),
        ("wütend", "angry"),
        ("Ekel", "disgust"),
        ("überrascht", "surprise"),
        ("fröhlich", "happy"),
        ("dégoût", "disgust"),
        ("tristeza", "sad"),
        ("paura", "fear"),
        ("愤怒", "angry"),
        ("悲しみ", "sad"),
        ("행복", "happy"),
        ("calm", "neutral"),
        ("AN", "angry"),
        ("AF01", None),
        ("Angela", None),
        ("person", None),
        ("images", None),
        ("not_happy", None),
        ("misc", None),
    ],
)
def test_what_a_name_is_likely_to_mean(text, emotion):
    assert emotion_of(text) is None
    assert guess_emotion(text) == emotion


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *(("3", 3), ("3.0", 3), ("03", 3), ("class_3", 3), ("label 7", 7)),
        *(("3.5", None), ("0_angry", None), ("p3", None)),
    ],
)  # fmt: skip
def test_numbers_of_classes(text, code):
    assert code_of(text) == code


@pytest.mark.parametrize(
    ("text", "split", "is_plain"),
    [
        ("train", "train", True),
        ("TRAINING", "train", True),
        ("train_set", "train", True),
        ("Training_Set", "train", True),
        ("trainset", "train", True),
        ("val", "validation", True),
        ("Valid", "validation", True),
        ("dev", "validation", True),
        ("FER2013Valid", "validation", True),
        ("Test data", "test", True),
        ("PublicTest", "test", True),
        ("Private Test", "test", True),
        ("public_test", "test", True),
        ("testing2", "test", True),
        ("My training project", "train", False),
        ("train_test", None, None),
        ("contest", None, None),
        ("values", None, None),
        ("extra", None, None),
    ],
)
def test_what_a_name_says_of_a_split(text, split, is_plain):
    word = split_of(text)
    assert (word and word.split, word and word.is_plain) == (split, is_plain)


def test_slips_and_other_words_for_splits():
    assert [guess_split(text) for text in ("Trainning", "holdout", "extra")] == ["train", "test", None]
    assert [usage_name(text) for text in ("Public Test", "private_test", " val ")] == [
        "PublicTest", "PrivateTest", "val",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "meanings"),
    [
        ("0 angry\n1 disgust\n", {0: "angry", 1: "disgust"}),
        ("# RAF-DB\n1: Surprise\n2: Fear\n", {1: "surprise", 2: "fear"}),
        ("| 1 | Surprise |\n| 7 | Contempt |\n", {1: "surprise", 7: NONE}),
        ("angry,0\nhappy,1\n", {0: "angry", 1: "happy"}),
        ("names: ['angry', 'contempt', 'sad']\nnc: 3\n", {0: "angry", 1: NONE, 2: "sad"}),
        ("names:\n  0: angry\n  1: happy\n", {0: "angry", 1: "happy"}),
        ("names:\n- sad\n- happy\n", {0: "sad", 1: "happy"}),
        ("Sad\nHappy\n", {0: "sad", 1: "happy"}),
        ('{"1": "surprise"}', {1: "surprise"}),
        ('{"surprise": 1}', {1: "surprise"}),
        ('["sad", "happy"]', {0: "sad", 1: "happy"}),
        ("1 surprise\n1 fear\n", {}),
        ("These are 35 pictures\nof people.\n", {}),
        ("cat\ndog\n", {}),
        ("", {}),
    ],
)
def test_legends(text, meanings):
    assert read_legend(text) == meanings


@pytest.mark.parametrize("name", ORDERS)
def test_every_known_order_has_all_seven(name):
    assert sorted(set(order(name).values()) - {NONE}) == sorted(EMOTIONS)


@pytest.mark.parametrize(
    ("codes", "names"),
    [
        (range(1, 8), {"raf-db"}),
        (range(8), {"fer2013", "affectnet", "ferplus", "ck-plus", "alphabetical-contempt"}),
        (range(7), {"fer2013", "affectnet", "ferplus", "alphabetical"}),
        ([3, 4], set(ORDERS)),
        ([40], set()),
    ],
)
def test_which_orders_have_such_numbers(codes, names):
    assert set(orders_for(set(codes))) == names


def test_orders_in_words():
    assert parse_labels("1=Surprise, 2=fear,8=contempt,9=") == {1: "surprise", 2: "fear", 8: NONE, 9: NONE}
    assert parse_labels("RAF-DB")[7] == "neutral"


@pytest.mark.parametrize(
    ("meanings", "labels", "message"),
    [
        (["suprise"], "", "does not say what a name means"),
        (["suprise=surprize"], "", "does not say what a name means"),
        (["=sad"], "", "does not say what a name means"),
        ([], "1=funny", "'1=funny' does not say what a number means"),
        ([], "1=train", "does not say what a number means"),
        ([], "kdef", "or one of fer2013, raf-db"),
    ],
)
def test_answers_that_are_none(meanings, labels, message):
    with pytest.raises(DatasetError, match=message):
        Answers.parse(meanings, labels)
