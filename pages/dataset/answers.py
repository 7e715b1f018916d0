"""What an import understands of a source, and the questions that only a person can answer."""

import base64
from typing import Any

import numpy as np
import streamlit as st

from emotion.dataset.gallery import enlarge
from emotion.dataset.reading.answers import order
from emotion.dataset.reading.words import NONE
from emotion.faces import FACE_SIZE
from emotion.labels import EMOTIONS
from pages.shared.text import escape_markdown

_LEAVE_OUT = "leave it out"
_OWN = "choose each"
_EXAMPLE_SIDE = 96  # on the page, in pixels


def show_plan(plan: dict[str, Any]) -> tuple[list[str], bool]:
    """Draw what is understood and what is asked.

    Args:
        plan: as `Plan.to_dict` makes it.

    Returns:
        The options of the command line that the answers are, and whether all questions have one.
    """
    st.subheader("What was understood")
    for sentence in plan["sentences"]:
        st.markdown(f"- {escape_markdown(sentence)}")
    options: list[str] = []
    is_complete = True
    for question in plan["questions"]:
        if question["kind"] in ("class", "split"):
            meaning = _ask_meaning(question)
            is_complete &= meaning is not None
            options += [f"--map={question['name']}={meaning}"] * (meaning is not None)
    if plan["codes"]:
        labels = _ask_numbers(plan)
        is_complete &= None not in labels.values()
        options.append(f"--labels={','.join(f'{code}={meaning}' for code, meaning in labels.items())}")
    if plan["may_cut"]:
        faces = _ask_faces(any(question["kind"] == "faces" for question in plan["questions"]))
        is_complete &= faces is not None
        options += [f"--faces={faces}"] * (faces is not None)
    return options, is_complete


def _ask_meaning(question: dict[str, Any]) -> str | None:
    """Ask what a name means: an emotion or a split."""
    is_class = question["kind"] == "class"
    choices = [*(EMOTIONS if is_class else ("train", "validation", "test")), _LEAVE_OUT]
    what = "none of the seven emotions" if is_class else "none of the known splits"
    chosen = st.selectbox(
        f"{escape_markdown(question['name'])} ({question['count']:,}) is {what}. What is it?",
        choices,
        index=choices.index(question["guess"]) if question["guess"] in choices else None,
        placeholder="choose",
        key=f"answer-{question['kind']}-{question['name']}",
    )
    return NONE if chosen == _LEAVE_OUT else chosen


def _ask_numbers(plan: dict[str, Any]) -> dict[str, str | None]:
    """Ask what each number means, beside an example of its faces; return number -> meaning."""
    orders = plan["orders"]
    st.markdown("**What the numbers mean** · collections number the classes in different orders.")
    chosen = st.selectbox("Order", [_OWN, *orders], key="answer-order") if orders else _OWN
    known = (
        {str(code): meaning for code, meaning in order(chosen).items()} if chosen != _OWN else plan["labels"]
    )
    choices = [*EMOTIONS, _LEAVE_OUT]
    labels: dict[str, str | None] = {}
    with st.container(horizontal=True):
        for code in map(str, plan["codes"]):
            meaning = known.get(code) or None
            shown = _LEAVE_OUT if meaning == NONE else meaning
            with st.container(width=150):
                if code in plan["examples"]:
                    pixels = np.frombuffer(base64.b64decode(plan["examples"][code]), np.uint8)
                    face = enlarge(pixels.reshape(FACE_SIZE, FACE_SIZE), 2 * _EXAMPLE_SIDE)
                    st.image(face, width=_EXAMPLE_SIDE, alt=f"A face with the number {code}")
                answer = st.selectbox(
                    code,
                    choices,
                    index=choices.index(shown) if shown else None,
                    placeholder="choose",
                    key=f"answer-code-{code}-{chosen}",
                )
                labels[code] = NONE if answer == _LEAVE_OUT else answer
    return labels


def _ask_faces(is_asked: bool) -> str | None:
    """Ask whether pictures are faces, or photographs to cut the faces out of."""
    ways = {"whole": "The pictures are faces: take them whole", "cut": "Photographs: cut the faces out"}
    return st.radio(
        "What the pictures are",
        list(ways),
        index=None if is_asked else 0,
        format_func=ways.__getitem__,
        key="answer-faces",
    )
