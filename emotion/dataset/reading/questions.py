"""What only a person knows of a source, and how it is asked."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Question:
    """What only a person knows.

    Attributes:
        kind: "class" (which emotion a name means), "split" (which split), "labels" (what numbers mean),
            or "faces" (whether to cut them out of photographs).
        name: what is asked about, as the source has it; "" for all numbers, and for the faces.
        count: of how many pictures or rows.
        guess: what it is likely to mean; "" where nobody knows.
        codes: the numbers, where they are asked about.
        orders: names of the known orders that have these numbers.
    """

    kind: str
    name: str
    count: int
    guess: str = ""
    codes: tuple[int, ...] = ()
    orders: tuple[str, ...] = ()


def named(text: str, count: int) -> str:
    """Return a name with how many pictures or rows have it."""
    return f"{text[:60]} ({count:,} {'picture' if count == 1 else 'pictures'})"


def in_one_text(questions: list[Question]) -> str:
    """Return what has to be answered, and how, in a sentence for each kind of question."""
    parts = []
    for kind, what in (("class", "none of the seven emotions"), ("split", "none of the known splits")):
        asked = [question for question in questions if question.kind == kind]
        if asked:
            names = ", ".join(
                named(one.name, one.count) + f", did you mean {one.guess}?" * bool(one.guess) for one in asked
            )
            hints = " ".join(f"--map {_quoted(one.name, one.guess or 'MEANING')}" for one in asked[:10])
            begin = "The name is" if len(asked) == 1 else "These names are"
            parts.append(f"{begin} {what}: {names}; say what is meant, {hints}, or =none to leave it out")
    for question in questions:
        if question.kind == "labels":
            known = ", ".join(question.orders) or "none that is known"
            parts.append(
                f"The classes are numbered {_range(question.codes)}, and collections number them in other "
                f"orders; say which with --labels ORDER (with these numbers: {known}) or "
                f"--labels {','.join(f'{code}=EMOTION' for code in question.codes[:2])},..."
            )
        elif question.kind == "faces":
            parts.append(
                f"The pictures are photographs in which the face is small ({question.guess}), and whole they "
                "would be squashed to 48x48; cut the faces out, --faces cut, or take them so, --faces whole"
            )
    return ". ".join(parts) + "."


def _quoted(name: str, meaning: str) -> str:
    text = f"{name[:60]}={meaning}"
    return f'"{text}"' if set(text) & set(" '&;()$") else text


def _range(codes: tuple[int, ...]) -> str:
    if codes == tuple(range(codes[0], codes[-1] + 1)) and len(codes) > 1:
        return f"{codes[0]} to {codes[-1]}"
    return ", ".join(map(str, codes[:20]))
