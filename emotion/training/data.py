"""From a dataset to what training needs: parts that share no picture, and the right answers."""

import hashlib
from dataclasses import dataclass, replace

import numpy as np

from emotion.dataset.builtin import draw_dataset
from emotion.dataset.face_dataset import DatasetError, FaceDataset, image_keys, picture_keys
from emotion.dataset.loading import open_source
from emotion.dataset.splits import stratified_mask
from emotion.dataset.store import SYNTHETIC, is_imported, open_dataset
from emotion.dataset.votes import COLUMN_OF_EMOTION, clear_winners, require_votes
from emotion.labels import EMOTIONS
from emotion.training.config import RunConfig

# How much of a target its own label makes where the votes say what it would be on average.
LABEL_TRUST = 0.5


@dataclass(frozen=True, eq=False)
class Part:
    """Faces of one split, ready to learn from or to measure on.

    Attributes:
        faces: the faces; with votes as targets, a face's label is the emotion most people saw.
        targets: float32 (n, 7), how likely each emotion is to be right; rows sum to 1.
        rows: int64 (n,), where the faces stand in the dataset.
    """

    faces: FaceDataset
    targets: np.ndarray
    rows: np.ndarray

    def __len__(self) -> int:
        return len(self.faces)

    @property
    def images(self) -> np.ndarray:
        """The faces, uint8 (n, 48, 48)."""
        return self.faces.images

    @property
    def labels(self) -> np.ndarray:
        """The right answers, int64 (n,)."""
        return self.faces.labels

    def take(self, mask: np.ndarray) -> "Part":
        """Return the faces where the boolean mask holds."""
        return Part(self.faces.take(mask), self.targets[mask], self.rows[mask])


@dataclass(frozen=True)
class TrainingData:
    """The three parts of a dataset, with no face standing in two of them.

    Attributes:
        train: the faces to learn from.
        validation: the faces the best weights are chosen on.
        test: the faces nothing is chosen on; None where the dataset has no test split.
        dropped: how many training faces were left out because the test split has the same picture, mirrored
            ones included, here and below.
        dropped_for_validation: how many more were left out because the validation split has it.
        dropped_validation: how many validation faces were left out because the test split has it.
        unclear: how many faces were left out because most people saw none of the seven emotions.
        fingerprint: of the whole dataset, votes included.
        test_copies: bool (m,), which of the m test faces had the same picture among the others.
    """

    train: Part
    validation: Part
    test: Part | None
    dropped: int
    dropped_for_validation: int
    dropped_validation: int
    unclear: int
    fingerprint: str
    test_copies: np.ndarray

    def parts(self) -> dict[str, Part]:
        """Return the parts that a model is measured on, by the name of their split."""
        measured = {"validation": self.validation, "test": self.test}
        return {name: part for name, part in measured.items() if part is not None}


def load_dataset(config: RunConfig) -> FaceDataset:
    """Return the faces the config names: of an imported dataset, a file or folder, or drawn ones.

    Raises:
        DatasetError: they cannot be read.
    """
    if config.dataset != SYNTHETIC:
        opened = open_source(config.dataset, "an exclusion list" if config.honour_exclusions else "")
        return opened.without_excluded() if config.honour_exclusions else opened.faces
    drawn = draw_dataset(config.synthetic_faces, config.seed)
    if not config.honour_exclusions:
        return drawn
    # The list speaks of the faces that the store has, and of no others.
    stored = open_dataset(SYNTHETIC)
    if len(drawn) != len(stored) or not np.array_equal(drawn.images, stored.faces.images):
        raise DatasetError("The exclusion list is of other drawn faces; leave their number and the seed.")
    return stored.without_excluded()


def load_votes(config: RunConfig) -> np.ndarray | None:
    """Return how people voted on the faces of `load_dataset`, uint8 (n, 10); None with labels as targets.

    Raises:
        DatasetError: the dataset has no votes.
    """
    if config.targets == "labels":
        return None
    if config.dataset == SYNTHETIC or not is_imported(config.dataset):
        raise DatasetError(
            "Only an imported dataset has votes: import it with them first, "
            "python -m emotion datasets import PATH --votes CSV, then use its name."
        )
    dataset = open_dataset(config.dataset)
    votes = require_votes(dataset)
    return votes[~dataset.excluded] if config.honour_exclusions else votes


def prepare(
    dataset: FaceDataset,
    validation_share: float,
    seed: int,
    votes: np.ndarray | None = None,
    both: bool = False,
) -> TrainingData:
    """Split off validation and test, so that nothing learned by heart can count as a success.

    No picture stands in two of the parts, nor does its mirror image, whoever made the splits: the test keeps
    its faces, the validation loses those of the test, and the training those of either. Copies of one picture
    land on the same side where the validation is drawn here. FER-2013 has some 1,800 exact copies, 282 of
    the public test's among the training faces.

    Args:
        dataset: the faces.
        validation_share: of the training faces, 0 to 1; used where the dataset has no such split.
        seed: of the draw.
        votes: uint8 (n, 10); what to learn instead of the labels (see `vote_targets`).
        both: learn the labels beside the votes (see `label_targets`): targets are (n, 14) then.

    Raises:
        DatasetError: there are too few training faces to split.
    """
    whole = Part(dataset, one_hot(dataset.labels), np.arange(len(dataset)))
    given = {name: whole.take(dataset.splits == name) for name in ("train", "validation", "test")}
    train, validation, test = given["train"], given["validation"], given["test"]
    if not len(validation):
        # Drawn by the labels even where votes are learned from, and before mirror images go: whatever the
        # targets, the same faces are for validation, so one model can start from, or be taught by, another.
        keys = image_keys(train.images)
        is_left = ~np.isin(keys, image_keys(test.images))
        mask = np.zeros(len(train), bool)
        mask[is_left] = stratified_mask(train.labels[is_left], keys[is_left], validation_share, seed)
        train, validation = train.take(~mask), train.take(mask)
    copied = test.rows[_also_in(test, given["train"], given["validation"])]
    in_test, of_test = _also_in(train, test), _also_in(validation, test)
    in_validation = _also_in(train, validation) & ~in_test
    train, validation = train.take(~in_test & ~in_validation), validation.take(~of_test)
    fingerprint, unclear = dataset.fingerprint(), 0
    if votes is not None:
        content = fingerprint.encode() + np.ascontiguousarray(votes).tobytes()
        fingerprint = hashlib.sha256(content).hexdigest()[:16]
        before = len(train) + len(validation) + len(test)
        train, validation, test = (vote_targets(part, votes) for part in (train, validation, test))
        unclear = before - len(train) - len(validation) - len(test)
        if both:
            labels = dataset.labels
            table = label_table(train.targets, labels[train.rows])
            # Of the labels, the faces nothing is learned from are judged by the labels as they are.
            train = _beside(train, label_targets(train.targets, labels[train.rows], table))
            validation, test = (_beside(part, one_hot(labels[part.rows])) for part in (validation, test))
    if len(train) < len(EMOTIONS) or len(validation) == 0:
        raise DatasetError("The dataset has too few faces to train on; a few hundred are a start.")
    return TrainingData(
        train,
        validation,
        test if len(test) else None,
        int(in_test.sum()),
        int(in_validation.sum()),
        int(of_test.sum()),
        unclear,
        fingerprint,
        np.isin(test.rows, copied),
    )


def _also_in(part: Part, *others: Part) -> np.ndarray:
    """Return, bool (n,), which faces of a part show a picture that another has too, perhaps mirrored."""
    known = np.concatenate([picture_keys(other.images) for other in others])
    return np.isin(picture_keys(part.images), known)


def vote_targets(part: Part, votes: np.ndarray) -> Part:
    """Return the faces with the shares of their votes as targets (Barsoum et al. 2016).

    A face stays if one of the seven emotions got more votes than anything else; among the training
    faces, ties between emotions stay too. Votes for contempt, "unknown" and "not a face" do not
    count otherwise.

    Args:
        part: faces.
        votes: of the whole dataset, uint8 (n, 10), columns as in `emotion.dataset.votes.VOTE_COLUMNS`.
    """
    votes = votes[part.rows]
    emotions = votes[:, COLUMN_OF_EMOTION].astype(np.float32)
    winners = emotions.argmax(axis=1).astype(np.int64)
    is_tied_emotion = (emotions.max(axis=1) >= votes.max(axis=1)) & (emotions.max(axis=1) > 0)
    kept = np.where(part.faces.splits == "train", is_tied_emotion, clear_winners(votes) >= 0)
    chosen = part.take(kept)
    faces = replace(chosen.faces, labels=winners[kept])
    return Part(faces, emotions[kept] / emotions[kept].sum(axis=1, keepdims=True), chosen.rows)


def label_table(shares: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return how often each label stands on a face in which people saw each emotion, float32 (7, 7).

    Args:
        shares: of the votes, float (n, 7).
        labels: of the same faces, int (n,).

    Returns:
        A row for each emotion that people saw; rows sum to 1.
    """
    counts = shares.T @ one_hot(labels) + 1  # one more each, so that a table of few faces is never sure
    return (counts / counts.sum(axis=1, keepdims=True)).astype(np.float32)


def label_targets(
    shares: np.ndarray, labels: np.ndarray, table: np.ndarray, trust: float = LABEL_TRUST
) -> np.ndarray:
    """Return what to learn of labels that people contradict, float32 (n, 7).

    A label is one noisy reading of a face, the votes are ten others. What faces with such votes are
    usually labelled says what the label would be on average, and takes most of its noise away.

    Args:
        shares: of the votes, float (n, 7).
        labels: int (n,).
        table: as `label_table` makes it.
        trust: the label's own part, 0 to 1; the rest is the table's.
    """
    return (trust * one_hot(labels) + (1 - trust) * shares @ table).astype(np.float32)


def _beside(part: Part, targets: np.ndarray) -> Part:
    return replace(part, targets=np.concatenate([part.targets, targets], axis=1))


def one_hot(labels: np.ndarray) -> np.ndarray:
    """Return float32 (n, 7) with a 1 at each label."""
    return np.eye(len(EMOTIONS), dtype=np.float32)[labels]
