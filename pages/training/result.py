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
from emotion.figures import training as figures
from emotion.labels import EMOTIONS, how_sure, in_percent
from emotion.runs.run import Run
from emotion.training.config import RunConfig
from emotion.training.data import load_dataset
from pages.shared.face_grid import GridFace, face_grid
from pages.shared.text import escape_markdown
from pages.training.chart import live_chart

_WORST = 24
_SHARE_COLUMN = st.column_config.NumberColumn(format="%.0f%%")


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
        measured = {name: part for name, part in result["metrics"].items() if part}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        st.warning("The figures of this run cannot be read.", icon=":material/broken_image:")
        return
    st.subheader("Result", anchor=False)
    if not measured:
        st.info("It was measured on no faces.", icon=":material/info:")
        return
    split = next(reversed(measured))
    if len(measured) > 1:
        split = st.segmented_control(
            "Measured on",
            list(measured),
            default="test" if "test" in measured else split,
            required=True,
            format_func=str.capitalize,
            key="training-split",
        )
    figures_of = measured[split]
    matrix = np.array(figures_of["confusion_matrix"])
    _show_figures(figures_of, result)
    chart, table = st.columns(2, gap="medium")
    with chart:
        st.markdown("**What is taken for what**")
        live_chart(
            figures.confusion(matrix),
            "training-confusion",
            f"Confusion matrix. {confusion_in_words(matrix)}",
            400,
        )
    with table:
        st.markdown("**Class by class**")
        _show_classes(figures_of["per_class"])
        st.caption(confusion_in_words(matrix))
    _show_worst(run, split)


def _show_figures(measured: dict, result: dict) -> None:
    with st.container(horizontal=True):
        st.metric("Accuracy", in_percent(measured["accuracy"]), border=True)
        st.metric(
            "Macro F1",
            in_percent(measured["macro_f1"]),
            border=True,
            help="Mean over the classes: rare ones count.",
        )
        st.metric(
            "Calibration error",
            in_percent(measured["ece"]),
            border=True,
            help="How far its confidence and its accuracy lie apart.",
        )
        st.metric("Faces", f"{measured['n']:,}", border=True)
    parts = [f"Best weights of epoch {result['best_epoch']}"] if result.get("best_epoch") else []
    if result.get("device"):
        parts.append(f"trained on {escape_markdown(str(result['device']))}")
    if parts:
        st.caption(", ".join(parts) + ".")


def _show_classes(per_class: dict[str, dict[str, float]]) -> None:
    names = [name for name in EMOTIONS if name in per_class]
    table: dict[str, list] = {"emotion": names}
    for figure, title in (("precision", "precision"), ("recall", "recall"), ("f1", "F1")):
        table[title] = [100 * per_class[name][figure] for name in names]
    table["faces"] = [per_class[name]["support"] for name in names]
    st.dataframe(
        table,
        hide_index=True,
        column_config=dict.fromkeys(("precision", "recall", "F1"), _SHARE_COLUMN),
        key="training-classes",
        alt="Precision, recall and F1 of each class",
    )


def confusion_in_words(matrix: np.ndarray) -> str:
    """Say which two classes are mixed up most, as a share of the faces of a label.

    Args:
        matrix: int (7, 7), rows the label, columns the answer.
    """
    totals = matrix.sum(axis=1, keepdims=True)
    shares = np.divide(matrix, totals, out=np.zeros(matrix.shape), where=totals > 0)
    np.fill_diagonal(shares, 0)
    label, answer = np.unravel_index(shares.argmax(), shares.shape)
    if shares[label, answer] == 0:
        return "No class is mixed up with another."
    return (
        f"Most often, {EMOTIONS[label]} is taken for {EMOTIONS[answer]}: "
        f"{in_percent(shares[label, answer], 0)} of all {EMOTIONS[label]} faces."
    )


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
            faces = _faces(config.dataset, config.synthetic_faces, config.seed, config.honour_exclusions)
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


def _faces(dataset: str, synthetic_faces: int, seed: int, honour_exclusions: bool) -> FaceDataset:
    """Return the faces of a run; those on disk where they are the same, as drawing them takes seconds."""
    if dataset != store.SYNTHETIC:
        config = RunConfig(dataset=dataset, honour_exclusions=honour_exclusions)
        return load_dataset(config)
    if (synthetic_faces, seed, honour_exclusions) == (BUILTIN_FACES, 0, False):
        return store.open_dataset(store.SYNTHETIC).faces
    return _drawn_faces(synthetic_faces, seed, honour_exclusions)


@st.cache_resource(show_spinner=False, max_entries=2)
def _drawn_faces(synthetic_faces: int, seed: int, honour_exclusions: bool) -> FaceDataset:
    return load_dataset(
        RunConfig(synthetic_faces=synthetic_faces, seed=seed, honour_exclusions=honour_exclusions)
    )
