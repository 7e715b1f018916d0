"""What came of a run: how often it is right, what it mixes up, and the faces it got most wrong."""

import json
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import streamlit as st

from emotion.dataset import store
from emotion.dataset.builtin import BUILTIN_FACES
from emotion.dataset.face_dataset import FaceDataset
from emotion.errors import ReadableError
from emotion.evaluation.report import Report
from emotion.labels import EMOTIONS, how_sure
from emotion.runs.run import Run
from emotion.training.config import RunConfig
from emotion.training.data import load_dataset
from pages.shared.face_grid import GridFace, face_grid
from pages.shared.report import show_classes, show_confusion, show_key_figures
from pages.shared.text import escape_markdown

_WORST = 24


@dataclass(frozen=True)
class Predictions:
    """What a model answered on one split.

    Attributes:
        indices: int (n,), rows of the dataset.
        labels: int (n,), the right answers.
        probabilities: float (n, 7).
    """

    indices: np.ndarray
    labels: np.ndarray
    probabilities: np.ndarray

    def most_wrong(self, count: int) -> np.ndarray:
        """Return where the wrong answers stand that the model was surest of, int (at most count,)."""
        answers = self.probabilities.argmax(axis=1)
        wrong = np.flatnonzero(answers != self.labels)
        surest = np.argsort(-self.probabilities[wrong, answers[wrong]], kind="stable")
        return wrong[surest[:count]]


def read_predictions(path: Path, split: str) -> Predictions | None:
    """Return the predictions of a split from a `predictions.npz`, or None where it has none."""
    try:
        with np.load(path, allow_pickle=False) as content:
            return Predictions(
                *(content[f"{split}_{part}"] for part in ("indices", "labels", "probabilities"))
            )
    except (OSError, EOFError, KeyError, ValueError, BadZipFile):
        return None


def show_result(run: Run) -> None:
    """Draw what came of a finished run; each split it was measured on can be chosen."""
    try:
        result = json.loads((run.folder / "result.json").read_text(encoding="utf-8"))
        reports = {name: Report.from_figures(part) for name, part in result["metrics"].items() if part}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        st.warning("The figures of this run cannot be read.", icon=":material/broken_image:")
        return
    st.subheader("Result", anchor=False)
    if not reports:
        st.info("It was measured on no faces.", icon=":material/info:")
        return
    split = next(reversed(reports))
    if len(reports) > 1:
        split = st.segmented_control(
            "Measured on",
            list(reports),
            default="test" if "test" in reports else split,
            required=True,
            format_func=str.capitalize,
            key="training-split",
        )
    report = reports[split]
    show_key_figures(report)
    _show_origin(report, result)
    chart, table = st.columns([3, 2], gap="large")
    with chart:
        show_confusion(report, "training-confusion")
    with table:
        show_classes(report, "training-classes")
    _show_worst(run, split)


def _show_origin(report: Report, result: dict) -> None:
    parts = [f"{report.n:,} faces"]
    if result.get("best_epoch"):
        parts.append(f"best weights of epoch {result['best_epoch']}")
    if result.get("device"):
        parts.append(f"trained on {escape_markdown(str(result['device']))}")
    st.caption(", ".join(parts) + ".")


@st.fragment
def _show_worst(run: Run, split: str) -> None:
    """Draw the faces whose wrong answer the model was surest of."""
    predictions = read_predictions(run.folder / "predictions.npz", split)
    if predictions is None:
        return
    st.markdown("**Most wrong**")
    worst = predictions.most_wrong(_WORST)
    if not len(worst):
        st.success("Not one answer is wrong.", icon=":material/check_circle:")
        return
    try:
        config = run.config
        if config.dataset != store.SYNTHETIC and not store.is_imported(config.dataset):
            st.info(
                "To see the faces here, import the dataset on the *Dataset* page and train on that: "
                "this run read it from a path, or it has been deleted.",
                icon=":material/hide_image:",
            )
            return
        with st.spinner("Getting the faces …"):
            faces = _faces(config)
    except ReadableError as error:
        st.warning(escape_markdown(str(error)), icon=":material/hide_image:")
        return
    if not _fits(faces, predictions, config):
        st.info(
            "The dataset has changed since: its faces are no longer those of this run.",
            icon=":material/hide_image:",
        )
        return
    st.caption("Below each face: its label → what the model says, and how sure it is.")
    cells = []
    for place in worst.tolist():
        answer = int(predictions.probabilities[place].argmax())
        label, index = int(predictions.labels[place]), int(predictions.indices[place])
        sure = how_sure(predictions.probabilities[place, answer])
        caption = f"{EMOTIONS[label]} → {EMOTIONS[answer]} {sure}"
        title = f"{EMOTIONS[label]}, taken for {EMOTIONS[answer]} ({sure} sure), {faces.names[index]}"
        cells.append(GridFace(index, np.asarray(faces.images[index]), label, title, caption))
    face_grid([cells], f"training-worst-{run.id}-{split}", "Faces it got most wrong", side=96)


def _fits(faces: FaceDataset, predictions: Predictions, config: RunConfig) -> bool:
    """Return whether the dataset still is the one of the run, as far as the predictions tell."""
    if predictions.indices.max(initial=0) >= len(faces):
        return False
    # What learns from votes has other labels than the dataset.
    return config.targets != "labels" or np.array_equal(faces.labels[predictions.indices], predictions.labels)


def _faces(config: RunConfig) -> FaceDataset:
    """Return the faces of a run; those on disk where they are the same, as drawing them takes seconds."""
    if config.dataset != store.SYNTHETIC:
        return load_dataset(config)
    drawn = (config.synthetic_faces, config.seed, config.honour_exclusions)
    if drawn == (BUILTIN_FACES, 0, False):
        return store.open_dataset(store.SYNTHETIC).faces
    return _drawn_faces(*drawn)


@st.cache_resource(show_spinner=False, max_entries=2)
def _drawn_faces(synthetic_faces: int, seed: int, honour_exclusions: bool) -> FaceDataset:
    return load_dataset(
        RunConfig(synthetic_faces=synthetic_faces, seed=seed, honour_exclusions=honour_exclusions)
    )
