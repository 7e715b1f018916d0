from itertools import combinations

import numpy as np
import pytest

from emotion.dataset.face_dataset import DatasetError, FaceDataset, image_keys, picture_keys
from emotion.dataset.votes import VOTE_COLUMNS
from emotion.labels import EMOTIONS
from emotion.synthetic.faces import generate
from emotion.training.config import RunConfig
from emotion.training.data import (
    Part,
    label_table,
    label_targets,
    load_dataset,
    load_votes,
    one_hot,
    prepare,
    vote_targets,
)


def dataset(train=140, test=21, validation=0) -> FaceDataset:
    images, labels = generate(train + test + validation, seed=4)
    splits = np.array(["train"] * train + ["test"] * test + ["validation"] * validation)
    return FaceDataset(images, labels, splits, np.array([str(number) for number in range(len(labels))]))


def with_copies(faces: FaceDataset, pairs: list[tuple[int, int]]) -> FaceDataset:
    """Copy the picture of the first of each pair over the second's."""
    images = faces.images.copy()
    for source, target in pairs:
        images[target] = images[source]
    return FaceDataset(images, faces.labels, faces.splits, faces.names)


def test_validation_is_stratified_and_apart():
    data = prepare(dataset(), 0.2, seed=0)
    assert len(data.train) + len(data.validation) == 140
    assert len(data.test) == 21
    counts = dataset().split("train").class_counts()
    assert data.validation.faces.class_counts() == {
        name: round(0.2 * count) for name, count in counts.items()
    }
    assert not set(data.train.faces.names) & set(data.validation.faces.names)


def test_the_seed_decides_the_split():
    names = [prepare(dataset(), 0.2, seed).validation.faces.names.tolist() for seed in (0, 0, 1)]
    assert names[0] == names[1] != names[2]


def test_copies_of_test_faces_are_not_trained_on():
    faces = with_copies(dataset(), [(150, 3), (150, 4), (155, 9)])
    data = prepare(faces, 0.2, seed=0)
    assert data.dropped == 3
    test_keys = set(image_keys(data.test.images))
    assert not test_keys & set(image_keys(data.train.images))
    assert not test_keys & set(image_keys(data.validation.images))


def test_test_faces_with_a_copy_among_the_training_faces_are_known():
    faces = with_copies(dataset(), [(150, 3), (150, 4), (155, 9), (150, 151)])
    data = prepare(faces, 0.2, seed=0)
    assert data.test.rows[data.test_copies].tolist() == [150, 151, 155]
    # A training face whose votes are unclear is a copy all the same; a test face with such votes is none.
    votes = np.repeat(vote_rows({"fear": 10}), 161, axis=0)
    votes[[9, 141, 151]] = vote_rows({"unknown": 10})[0]
    data = prepare(faces, 0.2, seed=0, votes=votes)
    assert data.test.rows[data.test_copies].tolist() == [150, 155]
    assert len(prepare(dataset(test=0), 0.2, seed=0).test_copies) == 0


@pytest.mark.parametrize("seed", range(5))
def test_copies_stay_on_one_side_of_validation(seed):
    faces = with_copies(dataset(), [(number, number + 60) for number in range(60)])
    data = prepare(faces, 0.3, seed)
    assert not set(image_keys(data.train.images)) & set(image_keys(data.validation.images))
    assert len(data.train) + len(data.validation) == 140


def test_a_validation_split_of_the_dataset_is_kept():
    data = prepare(dataset(validation=14), 0.2, seed=0)
    assert (len(data.train), len(data.validation)) == (140, 14)


def test_no_test_split():
    assert prepare(dataset(test=0), 0.2, seed=0).test is None


@pytest.mark.parametrize("count", [2, 7])
def test_too_few_faces(count):
    with pytest.raises(DatasetError, match="too few faces"):
        prepare(dataset(train=count, test=0), 0.1, seed=0)


def vote_rows(*rows: dict[str, int]) -> np.ndarray:
    """Votes by column name; what is not named got none."""
    return np.array([[row.get(column, 0) for column in VOTE_COLUMNS] for row in rows], dtype=np.uint8)


VOTE_CASES = {
    # votes -> the label it gets in training, and in the other splits; None where it is left out
    "one emotion": ({"happiness": 10}, "happy", "happy"),
    "a majority": ({"sadness": 6, "neutral": 4}, "sad", "sad"),
    "a tie of emotions": ({"anger": 4, "disgust": 4, "unknown": 2}, "angry", None),
    "mostly contempt": ({"contempt": 6, "neutral": 4}, None, None),
    "tied with contempt": ({"contempt": 5, "neutral": 5}, "neutral", None),
    "not a face": ({"not_a_face": 10}, None, None),
    "no votes": ({}, None, None),
}


@pytest.mark.parametrize("case", VOTE_CASES)
@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_votes_become_targets(case, split):
    votes, in_training, elsewhere = VOTE_CASES[case]
    wanted = in_training if split == "train" else elsewhere
    images, _ = generate(1, seed=0)
    face = FaceDataset(images, np.array([0]), np.array([split]), np.array(["a"]))
    part = vote_targets(Part(face, one_hot(face.labels), np.arange(1)), vote_rows(votes))
    assert [EMOTIONS[label] for label in part.labels] == ([wanted] if wanted else [])
    assert part.targets.sum() == pytest.approx(len(part))
    if case == "a majority":
        assert part.targets[0, EMOTIONS.index("neutral")] == pytest.approx(0.4)


def test_learning_from_votes_leaves_out_what_is_unclear_and_knows_where_faces_stand():
    faces = dataset(train=140, test=21)
    votes = np.zeros((161, len(VOTE_COLUMNS)), np.uint8)
    votes[:, VOTE_COLUMNS.index("surprise")] = 6
    votes[::2, VOTE_COLUMNS.index("neutral")] = 4
    votes[[5, 150]] = vote_rows({"not_a_face": 9})[0]
    data = prepare(faces, 0.2, seed=0, votes=votes)
    assert data.unclear == 2
    assert (len(data.train) + len(data.validation), len(data.test)) == (139, 20)
    assert set(data.train.labels) == {EMOTIONS.index("surprise")}
    for part in (data.train, data.validation, data.test):
        assert np.array_equal(part.images, faces.images[part.rows])
        assert part.targets[:, EMOTIONS.index("neutral")].max() == pytest.approx(0.4)
    by_labels = prepare(faces, 0.2, seed=0)
    assert data.fingerprint != by_labels.fingerprint
    assert set(data.validation.rows) <= set(by_labels.validation.rows)


def test_a_copy_of_a_test_face_with_unclear_votes_is_not_trained_on():
    faces = with_copies(dataset(), [(150, 3)])
    votes = np.repeat(vote_rows({"fear": 10}), 161, axis=0)
    votes[150] = vote_rows({"unknown": 10})[0]
    data = prepare(faces, 0.2, seed=0, votes=votes)
    assert data.dropped == 1
    assert 3 not in [*data.train.rows, *data.validation.rows]


@pytest.mark.parametrize("name", ["synthetic", "/nowhere/fer2013.zip"])
def test_votes_need_an_imported_dataset(name):
    with pytest.raises(DatasetError, match="import it with them first"):
        load_votes(RunConfig(dataset=name, targets="votes"))


def test_parts_remember_the_rows_of_the_dataset():
    faces = dataset()
    data = prepare(faces, 0.2, seed=0)
    for part in (data.train, *data.parts().values()):
        assert np.array_equal(part.images, faces.images[part.rows])
        assert np.array_equal(part.targets, one_hot(faces.labels[part.rows]))


def test_synthetic_dataset():
    faces = load_dataset(RunConfig(synthetic_faces=84))
    assert len(faces) == 84
    assert (faces.splits == "test").sum() == 14


def test_the_votes_take_the_noise_of_the_labels_away():
    generator = np.random.default_rng(0)
    seen = generator.integers(0, 7, 7000)
    # A label is what people saw in six of ten faces, else any.
    labels = np.where(generator.random(7000) < 0.6, seen, generator.integers(0, 7, 7000))
    table = label_table(one_hot(seen), labels)
    assert np.allclose(table.sum(axis=1), 1)
    assert np.allclose(table.diagonal(), 0.6 + 0.4 / 7, atol=0.03)
    targets = label_targets(one_hot(seen), labels, table, trust=0.5)
    assert np.allclose(targets.sum(axis=1), 1)
    assert np.array_equal(targets.argmax(axis=1), labels)
    # On average they say the same as the labels; face by face, they stray less from it.
    truth = table[seen]
    assert np.allclose(targets.mean(axis=0), one_hot(labels).mean(axis=0), atol=0.01)
    assert np.square(targets - truth).sum() < 0.3 * np.square(one_hot(labels) - truth).sum()


def test_learning_both_at_once_puts_the_labels_beside_the_votes():
    faces = dataset(train=140, test=21)
    votes = np.repeat(vote_rows({"fear": 7, "sadness": 3}), 161, axis=0)
    alone = prepare(faces, 0.2, seed=0, votes=votes)
    data = prepare(faces, 0.2, seed=0, votes=votes, both=True)
    for name in ("train", "validation", "test"):
        part, by_votes = getattr(data, name), getattr(alone, name)
        assert part.targets.shape == (len(by_votes), 14)
        assert np.array_equal(part.targets[:, :7], by_votes.targets)
        assert np.array_equal(part.targets[:, 7:].argmax(axis=1), faces.labels[part.rows])
    # What is learned of them is smoothed by the votes; what is judged by them is not.
    assert 0.5 < data.train.targets[:, 7:].max() < 1
    assert set(np.unique(data.validation.targets[:, 7:])) == {0, 1}


def splits_of(*counts: int) -> FaceDataset:
    """Drawn faces with a training, validation and test split of these sizes."""
    return dataset(train=counts[0], validation=counts[1], test=counts[2])


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize(
    ("source", "target", "dropped"),
    [
        ("validation", "train", (0, 1, 0)),
        ("test", "train", (1, 0, 0)),
        ("test", "validation", (0, 0, 1)),
    ],
)
def test_no_picture_stands_in_two_parts_whoever_made_the_splits(source, target, dropped, mirrored):
    faces = splits_of(140, 21, 21)
    rows = {name: np.flatnonzero(faces.splits == name) for name in ("train", "validation", "test")}
    picture = faces.images[rows[source][3]]
    faces.images[rows[target][5]] = picture[:, ::-1] if mirrored else picture
    data = prepare(faces, 0.2, seed=0)
    assert (data.dropped, data.dropped_for_validation, data.dropped_validation) == dropped
    parts = [set(picture_keys(part.images)) for part in (data.train, data.validation, data.test)]
    assert not any(one & other for one, other in combinations(parts, 2))
    assert len(data.test) == 21
    assert data.test_copies.sum() == (source == "test")


def test_a_mirror_image_does_not_change_which_faces_are_drawn_for_validation():
    faces = dataset()
    drawn = prepare(faces, 0.2, seed=0)
    one = int(drawn.validation.rows[0])
    other = int(drawn.train.rows[-1])
    faces.images[other] = faces.images[one][:, ::-1]
    again = prepare(faces, 0.2, seed=0)
    assert len(again.validation) == len(drawn.validation)
    assert not set(picture_keys(again.train.images)) & set(picture_keys(again.validation.images))
