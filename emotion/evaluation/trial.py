"""What is evaluated: one model on faces of one dataset, imported or at a path, and what counts as right."""

from dataclasses import dataclass, replace

import numpy as np

from emotion.dataset.face_dataset import DatasetError
from emotion.dataset.loading import open_source
from emotion.dataset.quality.searches import picture_groups
from emotion.dataset.splits import part_mask
from emotion.dataset.stored_dataset import StoredDataset
from emotion.dataset.votes import clear_winners, require_votes

# What may count as right.
AGAINST = ("labels", "votes")


@dataclass(frozen=True)
class Trial:
    """One model on one part of one dataset.

    Attributes:
        model: its name.
        dataset: an imported dataset's name, "synthetic", or a path of any form that can be imported.
        split: one of `splits.PART_NAMES`.
        honour_exclusions: leave out the faces on the dataset's exclusion list.
        against: what counts as right: the "labels", or what most people saw, by their "votes".
        without_copies: leave out the faces that also stand among those a model learns from or is chosen on.
    """

    model: str
    dataset: str
    split: str
    honour_exclusions: bool = False
    against: str = "labels"
    without_copies: bool = False


@dataclass(frozen=True, eq=False)
class TrialFaces:
    """The faces of a trial; the dataset is opened once, for all that is done with them.

    Attributes:
        trial: what was asked.
        dataset: where they are from.
        indices: int64 (n,), which of its faces, ascending; at least one.
        labels: int64 (n,), the right answers.
        excluded: how many were left out because they are on the exclusion list.
        unclear: how many were left out because most people saw none of the seven emotions.
        copies: how many were left out because they also stand in training or validation.
    """

    trial: Trial
    dataset: StoredDataset
    indices: np.ndarray
    labels: np.ndarray
    excluded: int
    unclear: int = 0
    copies: int = 0

    def __len__(self) -> int:
        return len(self.indices)

    @property
    def images(self) -> np.ndarray:
        """The faces, uint8 (n, 48, 48)."""
        return np.asarray(self.dataset.faces.images[self.indices])

    def of(self, model: str) -> "TrialFaces":
        """Return the same faces for another model."""
        return replace(self, trial=replace(self.trial, model=model))

    def in_training(self) -> np.ndarray | None:
        """Return, bool (n,), which a model may know: they also stand in the training split or, where that is
        not the trial's own, in the validation split, perhaps mirrored; None without such faces.

        Looked for among all those faces, also those excluded or without a clear emotion: a model may
        have learned them all the same.
        """
        splits = self.dataset.faces.splits
        known = splits == "train"
        if self.trial.split != "validation":
            known |= splits == "validation"
        if not known.any():
            return None
        also = known.copy()
        for group in picture_groups(self.dataset):
            also[group] = known[group].any()
        return also[self.indices]


def trial_faces(trial: Trial, dataset: StoredDataset | None = None) -> TrialFaces:
    """Return the faces of a trial.

    Args:
        trial: what is asked.
        dataset: the trial's, where it is open already.

    Raises:
        DatasetError: there is no such dataset, or it has no such faces, or no votes.
    """
    if dataset is None:
        needs = {trial.honour_exclusions: "an exclusion list", trial.against == "votes": "votes"}
        dataset = open_source(trial.dataset, needs.get(True, ""))
    inside = part_mask(dataset.faces, trial.split)
    kept = inside & ~dataset.excluded if trial.honour_exclusions else inside
    if not kept.any():
        raise DatasetError(f"All faces of {trial.dataset!r}, {trial.split}, are excluded.")
    indices = np.flatnonzero(kept)
    labels = dataset.faces.labels[indices]
    faces = TrialFaces(trial, dataset, indices, labels, int(inside.sum() - kept.sum()))
    if trial.against == "votes":
        faces = _as_people_saw(faces)
    return _without_copies(faces) if trial.without_copies else faces


def _as_people_saw(faces: TrialFaces) -> TrialFaces:
    """Return the faces that most people gave one of the seven emotions, with that as the right answer."""
    seen = clear_winners(require_votes(faces.dataset)[faces.indices])
    is_clear = seen >= 0
    if not is_clear.any():
        trial = faces.trial
        raise DatasetError(f"Most people saw none of the seven emotions in {trial.dataset!r}, {trial.split}.")
    unclear = int((~is_clear).sum())
    return replace(faces, indices=faces.indices[is_clear], labels=seen[is_clear], unclear=unclear)


def _without_copies(faces: TrialFaces) -> TrialFaces:
    is_copy = faces.in_training()
    if is_copy is None:
        raise DatasetError("The dataset has no training split, so nobody knows which faces are copies.")
    if is_copy.all():
        raise DatasetError("No face is left: all of them stand in training or validation, too.")
    copies = int(is_copy.sum())
    return replace(faces, indices=faces.indices[~is_copy], labels=faces.labels[~is_copy], copies=copies)
