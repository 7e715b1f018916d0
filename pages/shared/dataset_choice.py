"""Which dataset and which of its splits; what it comes to in a few figures."""

import streamlit as st

from emotion.dataset import store
from emotion.dataset.stored_dataset import DatasetDescription, StoredDataset
from pages.shared.errors import error_ends_page
from pages.shared.text import escape_markdown

ALL_SPLITS = "all"
_CHOSEN = "chosen_dataset"
# From which ratio of the largest to the smallest class on a balance is called what.
_BALANCE_WORDS = ((10.0, "Very uneven"), (3.0, "Uneven"), (1.5, "Slightly uneven"), (0.0, "Even"))

_EXCLUDED_HELP = (
    "Faces that training and evaluation leave out where they are asked to; the Quality view adds to them."
)


def datasets_or_stop() -> dict[str, DatasetDescription]:
    """Return all datasets by name; where they cannot be read, say so and end the page."""
    waiting = st.spinner("Getting the datasets ready; the very first time, faces are drawn …")
    with error_ends_page("folder_off"), waiting:
        return {item.name: item for item in store.list_datasets()}


def choose_dataset() -> tuple[StoredDataset, tuple[str, ...]]:
    """Draw the choice of dataset and split; return the dataset and the splits to show."""
    described = datasets_or_stop()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        name = dataset_box("dataset", described, width=320)
        splits = tuple(described[name].counts)
        split = ALL_SPLITS
        if len(splits) > 1:
            split = st.segmented_control(
                "Split",
                [ALL_SPLITS, *splits],
                default=ALL_SPLITS,
                required=True,
                format_func=str.capitalize,
                key=f"split-{name}",
                persist_state="session",
            )
    with error_ends_page("folder_off"):
        dataset = store.open_dataset(name)
    return dataset, splits if split == ALL_SPLITS else (split,)


def dataset_box(key: str, described: dict[str, DatasetDescription], width: int) -> str:
    """Draw the choice of a dataset, at first the one that was last chosen on any page; return its name.

    Args:
        key: of the widget, and of the address's parameter: a link can lead to a dataset.
        described: all datasets by name.
        width: in pixels.
    """
    if st.session_state.get(key) not in described:
        # The first visit, or someone has deleted it meanwhile.
        chosen = last_dataset()
        st.session_state[key] = chosen if chosen in described else store.SYNTHETIC
    name = st.selectbox("Dataset", list(described), key=key, bind="query-params", width=width)
    st.session_state[_CHOSEN] = name
    return name


def last_dataset() -> str | None:
    """Return the dataset that the visitor chose last on any page; None before the first choice."""
    return st.session_state.get(_CHOSEN)


def show_key_figures(dataset: StoredDataset, splits: tuple[str, ...]) -> None:
    """Draw how many faces and classes there are, and how even the classes are, in words."""
    description = dataset.description
    totals = description.class_sizes(splits)
    present = {name: count for name, count in totals.items() if count}
    word, sentence = balance_in_words(totals)
    with st.container(horizontal=True):
        st.metric("Faces", f"{sum(totals.values()):,}", border=True)
        st.metric("Classes", f"{len(present)} of {len(totals)}", border=True)
        st.metric("Balance", word, border=True, help=sentence)
        st.metric("Excluded", f"{int(dataset.excluded.sum()):,}", border=True, help=_EXCLUDED_HELP)
    note = f"{sentence} {escape_markdown(description.split_note)}"
    missing = ", ".join(name for name, count in totals.items() if not count)
    if missing:
        note += f" No face shows: {missing}."
    st.caption(note)


def balance_in_words(counts: dict[str, int]) -> tuple[str, str]:
    """Return a word for how even the classes are, and a sentence that says by how much."""
    present = {name: count for name, count in counts.items() if count}
    if len(present) < 2:
        return "One class", "With faces of one class alone, there is nothing to compare or to learn."
    largest, smallest = max(present, key=present.__getitem__), min(present, key=present.__getitem__)
    ratio = present[largest] / present[smallest]
    word = next(word for limit, word in _BALANCE_WORDS if ratio >= limit)
    if ratio < 1.1:
        return word, "All classes have about as many faces."
    return word, f"There are {ratio:.1f} times as many {largest} faces as {smallest} ones."
