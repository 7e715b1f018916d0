"""How an imported model is asked and read: its range, its order, contempt; told, tried on faces, changed."""

from dataclasses import dataclass

import streamlit as st

from emotion.dataset.store import SYNTHETIC, list_datasets
from emotion.exchange.adjusting import adjust
from emotion.exchange.imports import LEFT_OUT
from emotion.exchange.orders import CONTEMPT, ORDERS, order_name, order_of, parse_labels
from emotion.exchange.ranges import AUTO, HELP, parse_range, range_text, range_words
from emotion.jobs.status import JobState
from emotion.labels import EMOTIONS
from emotion.models.card import ModelCard
from emotion.models.reading import describe
from emotion.models.registry import model_version
from pages.shared.errors import attempt
from pages.shared.jobs import app_jobs, offer_job
from pages.shared.text import escape_markdown

_UNKNOWN, _OTHER = "Not known", "Another"
_ORDERS = {
    _UNKNOWN: "",
    "Alphabetical": "alphabetical",
    "FER-2013": "fer2013",
    "FER+": "ferplus",
    "AffectNet": "affectnet",
    "RAF-DB": "rafdb",
    _OTHER: None,
}
_RANGES = {
    _UNKNOWN: AUTO,
    "0 to 1": "0-1",
    "0 to 255": "0-255",
    "-1 to 1": "minus1-1",
    "Mean and deviation": None,
}


@dataclass(frozen=True)
class Wish:
    """What somebody has chosen, as the command line takes it."""

    order: str
    range: str
    contempt: str

    def check(self) -> None:
        """Check what was typed.

        Raises:
            ModelError: it is no order, or no range.
        """
        if self.order and self.order not in ORDERS:
            parse_labels(self.order)
        parse_range(self.range)


def choose_reading(key: str, card: ModelCard | None = None) -> Wish:
    """Draw the choice of order, range and contempt.

    Args:
        key: the beginning of the widgets' keys.
        card: of the model whose reading is changed; without it, all may be unknown.
    """
    orders = [name for name in _ORDERS if card is None or name != _UNKNOWN]
    now = None if card is None else order_name(card.reading.classes)
    chosen = st.segmented_control(
        "Order of its outputs",
        orders,
        default=next(
            (name for name in orders if card and _ORDERS[name] == now), _OTHER if card else _UNKNOWN
        ),
        required=True,
        key=f"{key}_order",
        help="A wrong order makes every answer wrong. Keras numbers a dataset's folders by the alphabet.",
    )
    order = _ORDERS[chosen]
    if order is None:
        classes = EMOTIONS if card is None else card.reading.classes
        order = st.text_area("The classes in their order", ", ".join(classes), key=f"{key}_labels")
        order = order.replace("\n", ",")
    else:
        unknown = (
            "As labelled faces tell, where there are some; else by the alphabet, as Keras numbers folders."
        )
        count = len(EMOTIONS if card is None else card.reading.classes)
        st.caption(", ".join(order_of(order, count)) if order else unknown)
    return Wish(order, _choose_range(key, card), _choose_contempt(key, card))


def _choose_range(key: str, card: ModelCard | None) -> str:
    ranges = [name for name in _RANGES if card is None or name != _UNKNOWN]
    now = "" if card is None else range_text(card.reading.ranges)
    chosen = st.segmented_control(
        "Range of its input",
        ranges,
        default=next((name for name in ranges if card and _RANGES[name] == now), ranges[-1 if card else 0]),
        required=True,
        key=f"{key}_range",
        help="What black and white were in training: whether pictures were divided by 255, and what then.",
    )
    text = _RANGES[chosen]
    if text is None:
        return st.text_input("Its range", now or "0.5/0.25", key=f"{key}_range_text", help=HELP)
    if text == AUTO:
        st.caption("As its own first layers tell, or labelled faces; else 0 to 1 is assumed, and said.")
    return text


def _choose_contempt(key: str, card: ModelCard | None) -> str:
    if card is not None and CONTEMPT not in card.reading.classes:
        return LEFT_OUT
    options = [LEFT_OUT, *EMOTIONS]
    now = LEFT_OUT if card is None else card.reading.counts_as.get(CONTEMPT, LEFT_OUT)
    return st.selectbox(
        "Contempt, where it knows that",
        options,
        index=options.index(now),
        format_func=lambda name: name if name == LEFT_OUT else f"counts as {name}",
        key=f"{key}_contempt",
        width=320,
    )


def choose_dataset_to_try(key: str) -> str:
    """Draw the choice of labelled faces to try a model on; return the dataset's name, or ""."""
    described = {
        item.name: sum(sum(counts.values()) for counts in item.counts.values()) for item in list_datasets()
    }
    imported = sorted((name for name in described if name != SYNTHETIC), key=lambda name: -described[name])
    return st.selectbox(
        "Faces with labels, to find out what is not known",
        ["", *imported, SYNTHETIC],
        index=1 if imported else 0,
        format_func=lambda name: name or "none",
        key=key,
        width=320,
    )


def offer_reading(card: ModelCard) -> None:
    """Draw how an imported model is read, with a form to change it, and a button to try it on faces."""
    reading, name = card.reading, card.name
    if reading.is_own:
        return
    with st.expander("How it is asked and read", icon=":material/tune:"):
        assumed = " This is assumed." if card.content.get("range_from") == "assumed" else ""
        st.markdown(
            f"It is given {escape_markdown(range_words(reading.ranges))}.{assumed} Its outputs are: "
            f"{escape_markdown(', '.join(reading.classes))}."
        )
        for sentence in describe(reading):
            st.markdown(f"- {escape_markdown(sentence)}")
        wish = choose_reading(f"reading-{name}", card)
        if st.button("Read it so", type="primary", icon=":material/tune:", key="model_reading"):
            _change(name, wish)
        _offer_try(card)


def _change(name: str, wish: Wish) -> None:
    def change() -> None:
        wish.check()
        adjust(name, wish.order, parse_range(wish.range), wish.contempt)

    if attempt(change, "model_error"):
        st.toast(f"{escape_markdown(name)} is read so from now on.", icon=":material/check_circle:")
    st.rerun()


def _offer_try(card: ModelCard) -> None:
    dataset = choose_dataset_to_try(f"reading-try-{card.name}")
    if not dataset:
        return
    key = f"try-{model_version(card.name)}-{dataset}"
    status = app_jobs().status(key)
    if status is None or status.state is not JobState.DONE:
        offer_job(
            key,
            f"Trying {card.name} on {dataset}",
            ["models", "try", card.name, dataset],
            "Try it",
            "Shows it some hundred faces in each range, and finds the order that fits best.",
            ":material/labs:",
        )
        return
    for sentence in status.result["notes"]:
        st.markdown(escape_markdown(sentence))
    if status.result["proposed"] and st.button("Read it as proposed", key="model_reading_proposed"):
        best = status.result["candidates"][0]
        _change(card.name, Wish(",".join(best["labels"]), best["range"], ""))
