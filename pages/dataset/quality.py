"""What may be wrong with a dataset: each finding with its faces, as CSV, and a button to exclude them."""

from dataclasses import replace

import numpy as np
import streamlit as st

from emotion.dataset import store
from emotion.dataset.gallery import page_count
from emotion.dataset.quality import searches
from emotion.dataset.quality.finding import QualityFinding
from emotion.dataset.result_cache import is_cached
from emotion.dataset.stored_dataset import StoredDataset
from emotion.dataset.votes import vote_agreement
from emotion.errors import ReadableError
from emotion.evaluation.answers import known_answers
from emotion.evaluation.doubtful import find_doubtful
from emotion.figures import dataset as figures
from emotion.labels import EMOTIONS, in_percent
from pages.shared.chart import show_chart
from pages.shared.download import download
from pages.shared.errors import attempt, errors_shown, show_failure
from pages.shared.face_grid import face_grid
from pages.shared.face_window import enlarge_face, grid_face
from pages.shared.jobs import offer_job
from pages.shared.model import classifier_in_use
from pages.shared.text import escape_markdown

_FACES_PER_PAGE = 60
_CLEAR_ERROR = "exclusions_error"
_FACES_PER_GROUP = 12  # of a larger group, the first ones stand for all

# What is found at once, and what only people's votes can tell.
_QUICK = {
    "Exact copies": searches.find_exact_copies,
    "Across splits": searches.find_cross_split_copies,
    "Different labels": searches.find_conflicting_copies,
    "Blank": searches.find_blank,
}
_BY_VOTES = {"Disputed": searches.find_disputed, "No face": searches.find_not_a_face}
_NEAR, _DOUBTFUL, _AGREEMENT = "Near copies", "Doubted by the model", "Agreement of people"


def show_quality(dataset: StoredDataset, splits: tuple[str, ...]) -> None:
    """Draw the choice of findings and the chosen one.

    Args:
        dataset: of any size.
        splits: findings without a face in these are left out.
    """
    with st.spinner("Looking for copies and blank pictures, once for this dataset …"):
        quick = _QUICK | (_BY_VOTES if dataset.votes is not None else {})
        found = {title: _within(search(dataset), dataset, splits) for title, search in quick.items()}
    titles = [*_QUICK, _NEAR, _DOUBTFUL]
    if dataset.votes is not None:
        titles += [*_BY_VOTES, _AGREEMENT]
    kind = st.pills(
        "What may be wrong",
        titles,
        default=titles[0],
        required=True,
        format_func=lambda title: f"{title} · {found[title].faces:,}" if title in found else title,
        key=f"finding-{dataset.name}",
    )
    if kind == _AGREEMENT:
        _show_agreement(dataset)
    elif finding := found.get(kind) or _search(kind, dataset):
        _show_finding(dataset, finding if kind in found else _within(finding, dataset, splits))
    _show_exclusions(dataset)
    if dataset.votes is None:
        st.caption("With people's votes attached (view *Import*), this page also shows what they dispute.")


def _within(finding: QualityFinding, dataset: StoredDataset, splits: tuple[str, ...]) -> QualityFinding:
    """Return the finding without the groups that have no face in these splits."""
    if set(splits) >= set(dataset.description.counts):
        return finding
    inside = np.isin(dataset.faces.splits, splits)
    kept = np.array([bool(inside[group].any()) for group in finding.groups], dtype=bool)
    return replace(
        finding,
        groups=[group for group, is_kept in zip(finding.groups, kept, strict=True) if is_kept],
        surplus=finding.surplus[inside[finding.surplus]],
        scores=None if finding.scores is None else finding.scores[kept],
    )


def _search(kind: str, dataset: StoredDataset) -> QualityFinding | None:
    """Return what a slow search found; before it has been made, offer it and return None."""
    if kind == _NEAR:
        if is_cached(dataset, searches.NEAR_COPIES):
            return searches.find_near_copies(dataset)
        explanation = "The same photograph, cut, lit or compressed a little differently."
        key, arguments = searches.NEAR_COPIES, ["copies", "--near", dataset.name]
    else:
        try:
            classifier = classifier_in_use()
        except ReadableError as error:
            st.info(f"This needs a model. {escape_markdown(str(error))}", icon=":material/neurology:")
            return None
        model = classifier.card.name
        if not np.isnan(known_answers(classifier.version, dataset)).any():
            return find_doubtful(dataset, classifier)
        key, arguments = f"doubtful-{classifier.version}", ["doubtful", dataset.name, f"--model={model}"]
        explanation = f"Faces whose label the model *{escape_markdown(model)}* finds least likely."
    st.markdown(explanation)
    offer_job(
        f"{key}-{dataset.name}-{dataset.description.fingerprint}",
        f"Searching {dataset.name}: {kind.lower()}",
        ["datasets", *arguments],
        "Search now",
        f"It looks at {len(dataset):,} faces; the result is kept with the dataset.",
        ":material/search:",
    )
    return None


def _show_finding(dataset: StoredDataset, finding: QualityFinding) -> None:
    """Draw the explanation, the count, what can be done, and the faces side by side."""
    st.markdown(finding.explanation)
    if not finding.groups:
        st.success("None found.", icon=":material/check_circle:")
        return
    left = finding.surplus[~dataset.excluded[finding.surplus]]
    is_list = all(len(group) == 1 for group in finding.groups)
    count = f"**{finding.faces:,}** faces" + f" in **{len(finding.groups):,}** groups" * (not is_list)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(count, width="content")
        if st.button(
            f"Exclude {len(left):,}" if len(left) else "All excluded",
            icon=":material/block:",
            key=f"exclude-{finding.kind}",
            disabled=not len(left),
            help="Training and evaluation then leave them out. Nothing is deleted."
            + " Of each group, one face stays." * (finding.kind in ("exact_copies", "near_copies")),
        ):
            with errors_shown("block"):
                store.exclude(dataset.name, left, finding.title)
                st.rerun()
        download(
            "CSV",
            lambda: finding.to_csv(dataset),
            f"{dataset.name}-{finding.kind}.csv",
            f"csv-{finding.kind}",
        )
    if finding.kind == "doubtful":
        st.caption("Below each face: its label → what the model says.")
    _show_groups(dataset, finding, is_list)


@st.fragment
def _show_groups(dataset: StoredDataset, finding: QualityFinding, is_list: bool) -> None:
    groups = [group[:_FACES_PER_GROUP].tolist() for group in finding.groups]
    per_page = max(1, _FACES_PER_PAGE // max(len(group) for group in groups))
    pages = page_count(len(groups), per_page)
    page = st.pagination(pages, key=f"page-{finding.kind}-{dataset.name}-{len(groups)}") if pages > 1 else 1
    shown = groups[(page - 1) * per_page : page * per_page]
    members = [index for group in shown for index in group]
    captions = _captions(dataset, finding.kind, members)
    faces = [[grid_face(dataset, index, captions[index]) for index in group] for group in shown]
    if is_list:
        faces = [[face for group in faces for face in group]]
    chosen = face_grid(faces, f"finding-{finding.kind}-{dataset.name}", finding.title)
    if chosen is not None and chosen in members:
        enlarge_face(dataset.name, chosen, members)


def _captions(dataset: StoredDataset, kind: str, indices: list[int]) -> dict[int, str]:
    """Return what stands below each face: its label and split, or its label and what the model says."""
    faces = dataset.faces
    labels = {index: EMOTIONS[faces.labels[index]] for index in indices}
    if kind != "doubtful":
        return {index: f"{label} · {faces.splits[index]}" for index, label in labels.items()}
    answers = classifier_in_use().predict(np.asarray(faces.images[indices])).probabilities
    said = dict(zip(indices, answers.argmax(axis=1), strict=True))
    return {index: f"{label} → {EMOTIONS[said[index]]}" for index, label in labels.items()}


def _show_exclusions(dataset: StoredDataset) -> None:
    count = int(dataset.excluded.sum())
    if not count:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{count:,} faces of this dataset are excluded and drawn pale.", width="content")
        st.button(
            "Take all back",
            icon=":material/undo:",
            type="tertiary",
            key="exclusions_clear",
            on_click=_take_back,
            args=(dataset.name,),
        )
    show_failure(_CLEAR_ERROR)


def _take_back(name: str) -> None:
    attempt(lambda: store.clear_exclusions(name), _CLEAR_ERROR)


def _show_agreement(dataset: StoredDataset) -> None:
    """Draw how far people's votes agree with the labels, class by class."""
    agreement = vote_agreement(dataset)
    if not agreement:
        st.info("Nobody has voted on a face of this dataset.", icon=":material/how_to_vote:")
        return
    st.markdown("Of the faces with each label: for how many did most people vote the same?")
    shares = {name: item.majority_share for name, item in agreement.items()}
    show_chart(
        figures.agreement(shares), "agreement", "Share of faces whose label most people confirm, by class"
    )
    worst = min(shares, key=shares.__getitem__)
    seen = next(iter(agreement[worst].seen_as))
    st.caption(
        f"People agree least with *{worst}*: what carries that label, they call *{seen.replace('_', ' ')}* "
        f"most often ({in_percent(agreement[worst].seen_as[seen], 0)}). All splits together."
    )
