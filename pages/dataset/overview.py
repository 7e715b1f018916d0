"""What a dataset holds: balance, sizes, mean faces, light; each part drawn as soon as it is known."""

import numpy as np
import streamlit as st

from emotion.dataset import statistics
from emotion.dataset.gallery import enlarge, spread_picture
from emotion.dataset.statistics import DatasetStatistics
from emotion.dataset.stored_dataset import StoredDataset
from emotion.figures import dataset as figures
from emotion.labels import EMOTIONS
from pages.shared.chart import show_chart

_MEAN_SIDE = 96  # on the page, in pixels


def show_overview(dataset: StoredDataset, splits: tuple[str, ...]) -> None:
    """Draw all charts; the first ones come from the description alone and stand at once.

    Args:
        dataset: of any size.
        splits: which ones to show.
    """
    counts = {split: dataset.description.counts[split] for split in splits}
    _show_balance(counts)
    with st.spinner("Measuring the faces, once for this dataset …"):
        measured = statistics.describe(dataset)
    _show_mean_faces(measured, dataset.description.class_sizes())
    _show_light(measured)


def _show_balance(counts: dict[str, dict[str, int]]) -> None:
    st.subheader("Class balance")
    for column, (split, classes) in zip(st.columns(len(counts), gap="medium"), counts.items(), strict=True):
        with column:
            if len(counts) > 1:
                st.markdown(f"**{split.capitalize()}** · {sum(classes.values()):,} faces")
            show_chart(
                figures.class_balance(classes),
                f"balance-{split}",
                f"Faces of each class in the split {split}",
            )
    weights_column, sizes_column = st.columns(2, gap="medium") if len(counts) > 1 else (st.container(), None)
    with weights_column:
        _show_weights(counts.get("train") or next(iter(counts.values())))
    if sizes_column:
        with sizes_column:
            st.subheader("Split sizes")
            show_chart(figures.split_sizes(counts), "split_sizes", "Faces of each split")
            st.caption("A model learns from *train*; *validation* chooses it, *test* judges it.")


def _show_weights(counts: dict[str, int]) -> None:
    """Draw the class weights and say in a sentence what they do."""
    labels = np.repeat(np.arange(len(EMOTIONS)), [counts[name] for name in EMOTIONS])
    named = {EMOTIONS[label]: weight for label, weight in statistics.class_weights(labels).items()}
    st.subheader("Class weights")
    if len(named) < 2:
        st.caption("With faces of one class there is nothing to weigh.")
        return
    show_chart(figures.class_weights(named), "weights", "Weight of each class in training")
    heaviest, lightest = max(named, key=named.__getitem__), min(named, key=named.__getitem__)
    if named[heaviest] < 1.1 * named[lightest]:
        st.caption("The classes are about even: every face counts about the same.")
        return
    st.caption(
        f"With class weights, training takes a mistake on a {heaviest} face as seriously as "
        f"{named[heaviest] / named[lightest]:.1f} on {lightest} ones, so that rare classes are not given up."
    )


def _show_mean_faces(measured: DatasetStatistics, counts: dict[str, int]) -> None:
    st.subheader("Mean face and spread")
    largest = float(measured.deviation_faces.max())
    with st.container(horizontal=True):
        for label, name in enumerate(EMOTIONS):
            if not counts[name]:
                continue
            mean = enlarge(measured.mean_faces[label].astype(np.uint8), 2 * _MEAN_SIDE)
            spread = spread_picture(measured.deviation_faces[label], largest)
            with st.container(width=_MEAN_SIDE, gap="xxsmall"):
                st.image(mean, alt=f"Mean of all {name} faces")
                st.image(enlarge(spread, 2 * _MEAN_SIDE), alt=f"Spread of the {name} faces")
                st.caption(name, text_alignment="center")
    st.caption(
        "Above, the average of all faces of a class: what they share. Below, how much they differ, "
        "from dark (alike) to yellow (different). All splits together."
    )


def _show_light(measured: DatasetStatistics) -> None:
    st.subheader("Light")
    parts = (
        ("Brightness (mean of a face)", statistics.BRIGHTNESS_EDGES, measured.brightness),
        ("Contrast (standard deviation within a face)", statistics.CONTRAST_EDGES, measured.contrast),
    )
    # Two bins of the statistics are one here: in small classes, finer ones are noise.
    for column, (title, edges, counts) in zip(st.columns(2, gap="medium"), parts, strict=True):
        with column:
            show_chart(
                figures.histograms(
                    edges[::2], dict(zip(EMOTIONS, counts[:, ::2] + counts[:, 1::2], strict=True)), title
                ),
                title,
                f"{title}, distribution in each class",
            )
