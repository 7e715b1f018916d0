"""How accuracy falls as pictures get worse: one curve each, of one model or of two."""

import streamlit as st

from emotion.evaluation import cache
from emotion.evaluation.report import Robustness
from emotion.evaluation.robustness import CORRUPTIONS, STEPS, SUBSET
from emotion.evaluation.trial import TrialFaces
from emotion.figures import models as figures
from emotion.labels import in_percent
from emotion.models.card import ModelCard
from pages.models.choice import choose_faces, choose_other, command
from pages.shared.chart import show_chart
from pages.shared.errors import error_ends_page
from pages.shared.jobs import offer_job
from pages.shared.text import escape_markdown


def show_robustness(model: ModelCard) -> None:
    """Draw the choices and the curves, or the button that measures them."""
    faces = choose_faces(model)
    models = [model.name]
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        if st.toggle("Compare with another model", key="robust_two"):
            other = choose_other(model)
            if other is None:
                st.caption("There is no other model.")
            else:
                models.append(other.name)
        use_all = st.toggle(
            "All faces",
            key="robust_all",
            help=f"Otherwise {SUBSET:,} of them, each class with its share: enough for the shape of a curve.",
        )
    count = None if use_all else SUBSET
    with error_ends_page("error"):
        measured = [cache.load_robustness(faces.of(name), count) for name in models]
        if any(item is None for item in measured):
            _offer(models, faces, count)
            return
    _show_curves(models, [item for item in measured if item is not None])


def _offer(models: list[str], faces: TrialFaces, count: int | None) -> None:
    paths = [cache.robustness_path(faces.of(name), count).stem for name in models]
    total = len(faces)
    tried = total if count is None else min(count, total)
    offer_job(
        "+".join(paths),
        f"Measuring the robustness of {' and '.join(models)}",
        [*command("robustness", faces.trial, *models[1:]), *["--all"] * (count is None)],
        "Measure",
        f"Each model looks at {tried:,} faces in {STEPS} versions.",
        ":material/play_arrow:",
    )


def _show_curves(models: list[str], measured: list[Robustness]) -> None:
    marks = ("● solid, blue", "■ dashed, orange")
    names = [
        f"**{escape_markdown(name)}**" + (f" ({mark})" if len(models) > 1 else "")
        for name, mark in zip(models, marks, strict=False)
    ]
    st.caption(
        f"{' and '.join(names)} on {measured[0].n:,} faces. Each curve begins with pictures as they are."
    )
    kinds = list(CORRUPTIONS)
    for start in range(0, len(kinds), 4):
        for column, kind in zip(st.columns(4, gap="small"), kinds[start : start + 4], strict=True):
            curves = [
                (name, next(curve for curve in item.curves if curve.kind == kind))
                for name, item in zip(models, measured, strict=True)
            ]
            with column:
                show_chart(
                    figures.robustness(kind, curves),
                    f"robust-{kind}",
                    f"Accuracy against {CORRUPTIONS[kind].title}",
                )
    for name, item in zip(models, measured, strict=True):
        worst = max(item.curves, key=lambda curve: curve.accuracy[0] - curve.accuracy[-1])
        st.caption(
            f"{escape_markdown(name)} suffers most from {worst.kind}: accuracy falls from "
            f"{in_percent(worst.accuracy[0], 0)} to {in_percent(worst.accuracy[-1], 0)}."
        )
