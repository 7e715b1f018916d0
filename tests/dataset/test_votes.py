"""Tests of attaching votes by name, and of what they say about the labels."""

import numpy as np
import pytest

from emotion.dataset import store
from emotion.dataset.face_dataset import DatasetError
from emotion.dataset.importing import import_dataset
from emotion.dataset.votes import COLUMN_OF_EMOTION, VOTE_COLUMNS, match_votes, vote_agreement, wins_alone
from emotion.labels import EMOTIONS
from emotion.synthetic.faces import generate
from tests.helpers import csv_text

HEADER = "image," + ",".join(VOTE_COLUMNS)
ROW = "4,0,0,1,3,2,0,0,0,0"
VOTES = [4, 0, 0, 1, 3, 2, 0, 0, 0, 0]


def table(*rows: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *rows]).encode()


def test_every_emotion_has_its_column():
    assert [VOTE_COLUMNS[i] for i in COLUMN_OF_EMOTION] == [
        "anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("row_name", "face_name"),
    [
        ("train/angry/Training_00000.png", "train/angry/Training_00000.png"),
        ("train/angry/Training_00000.png", "fer2013/train/angry/Training_00000.png"),
        ("train/angry/Training_00000.png", "Training_00000"),
        ("Training_00000", "train/sad/Training_00000.jpg"),
        (" a.png ", "a.png"),
    ],
)
def test_names_match_with_or_without_folders_and_extensions(row_name, face_name):
    votes = match_votes(table(f"{row_name},{ROW}"), np.array([face_name, "other"]))
    assert votes.dtype == np.uint8
    assert votes.tolist() == [VOTES, [0] * 10]


def test_names_that_fit_two_rows_fit_none():
    rows = (f"happy/1.png,{ROW}", f"sad/1.png,{ROW}", f"2.png,{ROW}")
    votes = match_votes(table(*rows), np.array(["train/happy/1.png", "sad/1.png", "x/2.png"]))
    assert votes.any(axis=1).tolist() == [False, True, True]


def test_the_table_of_ferplus_itself_goes_by_rows():
    header = "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"
    data = table(f"Training,fer0000000.png,{ROW}", f"PublicTest,,{ROW}", header=header)
    votes = match_votes(data, np.array(["Training_00000", "PublicTest_00001", "Training_00001"]))
    assert votes.any(axis=1).tolist() == [True, True, False]


@pytest.mark.parametrize("votes", ["x" + ROW[1:], "-1" + ROW[1:], "999" + ROW[1:], "4,0", ",".join("0" * 10)])
def test_rows_that_are_no_votes_are_passed_over(votes):
    data = table(f"a,{votes}", f"b,{ROW}")
    assert match_votes(data, np.array(["a", "b"])).any(axis=1).tolist() == [False, True]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "missing: neutral"),
        (b"hello", "missing: neutral"),
        (b"\xff\xfe\x00", "missing: neutral"),
        (table(ROW, header=",".join(VOTE_COLUMNS)), "missing: image"),
        (table(header=HEADER.replace("fear", "dread")), "missing: fear"),
        (table(), "fit no face: the table has 0 rows and speaks of 'nothing'"),
        (table(f"zzz,{ROW}"), "the table has 1 rows and speaks of 'zzz', the dataset of 'a'"),
        (table("x" * 4_100_000), "A line is longer than"),
    ],
)
def test_refused_with_one_sentence(data, message):
    with pytest.raises(DatasetError, match=message):
        match_votes(data, np.array(["a"]))


def test_a_missing_file(tmp_path):
    with pytest.raises(DatasetError, match="cannot be read: No such file"):
        match_votes(tmp_path / "nowhere.csv", np.array(["a"]))


def stored(tmp_path, labels):
    path = tmp_path / "faces.csv"
    path.write_text(csv_text(generate(len(labels), seed=1)[0], np.array(labels), ["Training"] * len(labels)))
    import_dataset(path, "mine")


def test_attached_votes_stay_and_can_be_replaced(tmp_path):
    stored(tmp_path, [0, 3])
    file = tmp_path / "votes.csv"
    file.write_bytes(table(f"Training_00001,{ROW}"))
    assert store.attach_votes("mine", file) == 1
    dataset = store.open_dataset("mine")
    assert dataset.votes.tolist() == [[0] * 10, VOTES]
    assert dataset.description.has_votes
    assert store.attach_votes("mine", table(f"Training_00000,{ROW}", f"Training_00001,{ROW}")) == 2
    with pytest.raises(DatasetError, match="fit no face"):
        store.attach_votes("mine", table(f"zzz,{ROW}"))
    assert store.open_dataset("mine").votes.any(axis=1).all()  # the refused ones changed nothing


def test_agreement_by_class(tmp_path):
    angry, happy = EMOTIONS.index("angry"), EMOTIONS.index("happy")
    stored(tmp_path, [angry, angry, happy, happy, EMOTIONS.index("sad")])
    rows = ["0,0,0,0,10,0,0,0,0,0", ROW, "0,9,0,0,0,0,0,0,1,0", "0,5,5,0,0,0,0,0,0,0"]
    store.attach_votes("mine", table(*(f"Training_{i:05d},{row}" for i, row in enumerate(rows))))
    agreement = vote_agreement(store.open_dataset("mine"))
    assert set(agreement) == {"angry", "happy"}  # the sad face has no votes
    assert agreement["angry"].faces == 2
    assert agreement["angry"].mean_share == pytest.approx((1 + 0.3) / 2)
    assert agreement["angry"].majority_share == 0.5
    assert agreement["angry"].seen_as == {"neutral": 0.5, "anger": 0.5}
    assert agreement["happy"].majority_share == 0.5  # a tie is no majority


def test_a_dataset_without_votes(tmp_path):
    stored(tmp_path, [0])
    with pytest.raises(DatasetError, match="'mine' has no votes attached"):
        vote_agreement(store.open_dataset("mine"))


def test_winning_needs_more_votes_than_anyone_else():
    votes = np.array([[3, 1], [2, 2], [0, 0]])
    assert wins_alone(votes, np.zeros(3, int)).tolist() == [True, False, False]


FERPLUS_HEADER = "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"


def test_names_that_are_alike_by_accident_get_no_votes():
    """Of Kaggle's names a few are as short as the numbers of the challenge's rows."""
    names = np.array([f"train/sad/Training_{number}.jpg" for number in range(10118481, 10118551)])
    names[3] = "train/sad/Training_00012.jpg"
    data = table(*(f"Training,fer{i:07}.png,{ROW}" for i in range(40)), header=FERPLUS_HEADER)
    with pytest.raises(DatasetError, match=r"fit only 1 of 70 faces: the table has 40 rows .* nothing was"):
        match_votes(data, names)


@pytest.mark.parametrize(("rows", "faces"), [(20, 200), (200, 20)])
def test_a_table_of_a_part_of_the_faces_fits_and_one_of_more(rows, faces):
    data = table(*(f"{i}.png,{ROW}" for i in range(rows)))
    assert match_votes(data, np.array([f"{i}.png" for i in range(faces)])).any(axis=1).sum() == 20


@pytest.mark.parametrize("shift", [0, 1])
def test_votes_that_agree_with_the_labels_by_chance_are_those_of_other_faces(shift):
    labels = np.random.default_rng(0).integers(0, 7, 300)
    answers = np.zeros((300, 10), int)
    answers[np.arange(300), COLUMN_OF_EMOTION[np.roll(labels, shift)]] = 9
    data = table(*(f"{i},{','.join(map(str, row))}" for i, row in enumerate(answers)))
    names = np.array([str(i) for i in range(300)])
    if shift:
        with pytest.raises(DatasetError, match=r"as by chance .* of other faces"):
            match_votes(data, names, labels)
    else:
        assert match_votes(data, names, labels).any(axis=1).all()
