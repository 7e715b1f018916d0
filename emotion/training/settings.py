"""What is known of a training setting beside its value: form, command line, checks and words read it here."""

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from numbers import Integral, Real
from typing import Any, get_origin, get_type_hints

# Where a setting is shown; all but the first, whose settings stand above the others, are a tab of the form.
GROUPS = ("Run", "Course", "Network", "Faces", "Augmentation")

_BOUNDS: dict[str, Callable[[Any, Any], bool]] = {
    "above": operator.gt,
    "at_least": operator.ge,
    "below": operator.lt,
    "at_most": operator.le,
}
# What a value of each type is in words, and of what its parts are where it has some.
_KINDS: dict[Any, tuple[str, type]] = {
    bool: ("true or false", bool),
    int: ("a whole number", Integral),
    float: ("a number", Real),
    str: ("text", str),
    tuple[int, ...]: ("whole numbers", Integral),
    tuple[str, ...]: ("names", str),
}


@dataclass(frozen=True)
class Setting:
    """One setting: its names, what it may be, and where and how it is shown.

    Attributes:
        label: what people call it.
        help: what it does, in one sentence.
        group: one of `GROUPS`.
        name: the field's.
        kind: the field's type; int, float, bool, str, or a tuple of int or str.
        detail: what its number counts or means: "epochs", "up to".
        above, at_least, below, at_most: its bounds, or those of each of its parts; None: there is none.
        most_parts: where a tuple needs parts, how many it may have; 0: any number, or none.
        choices: the values there are, and each in words; none: any.
        unit: "%" for a share that people see in per cent, "°" for degrees; a form shows both as sliders.
        step: what a form's buttons add to a number; 0: 1, or a tenth of one that need not be whole.
        cost: how it changes the pace of training: another value makes another "network", or does without
            ("value"), or only whether it is "on" counts; "": not at all.
        names_models: it is the name of a model, or such names.
        is_advanced: a form folds it away.
        is_wide: a form gives it a line of its own.
        only_if: of the values of all settings: whether it does anything.
    """

    label: str
    help: str
    group: str
    name: str = ""
    kind: Any = None
    detail: str = ""
    above: float | None = None
    at_least: float | None = None
    below: float | None = None
    at_most: float | None = None
    most_parts: int = 0
    choices: Mapping[str, str] = field(default_factory=dict)
    unit: str = ""
    step: float = 0
    cost: str = ""
    names_models: bool = False
    is_advanced: bool = False
    is_wide: bool = False
    only_if: Callable[[Mapping[str, Any]], bool] = lambda values: True

    @property
    def is_tuple(self) -> bool:
        """Whether its value has parts."""
        return get_origin(self.kind) is tuple

    @property
    def title(self) -> str:
        """What stands beside its value: "Rotation, up to"."""
        return f"{self.label}, {self.detail}" if self.detail else self.label

    @property
    def range_text(self) -> str:
        """Its bounds in words: "above 0 and at most 0.5"; "" where there are none."""
        bounds = [f"{name.replace('_', ' ')} {bound:g}" for name, bound in self._bounds()]
        words = " and ".join(bounds)
        return f"1 to {self.most_parts} whole numbers, each {words}" if self.most_parts else words

    @property
    def lowest(self) -> Any:
        """The least value that a form offers; None where there is none."""
        return self.at_least if self.above is None else self._beside(self.above, 1)

    @property
    def highest(self) -> Any:
        """The greatest value that a form offers; None where there is none."""
        return self.at_most if self.below is None else self._beside(self.below, -1)

    def refusal(self, value: Any) -> str:
        """Return in one sentence why the setting cannot be set to a value; "" where it can."""
        words, part_kind = _KINDS[self.kind]
        parts = value if isinstance(value, tuple) else (value,)
        wanted = ""
        if isinstance(value, tuple) != self.is_tuple or not all(_is_a(part, part_kind) for part in parts):
            wanted = words
        elif self.choices and value not in self.choices:
            wanted = f"one of {', '.join(self.choices)}"
        elif not all(map(self._keeps, parts)) or (self.most_parts and not 1 <= len(parts) <= self.most_parts):
            wanted = self.range_text
        return f"{self.label} must be {wanted}, not {value!r}." if wanted else ""

    def text(self, value: Any) -> str:
        """Return a value as people read it."""
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, (tuple, list)):
            return " · ".join(map(str, value)) or "none"
        if self.unit == "%":
            return f"{100 * value:g} %"
        return f"{value:g}{self.unit}" if isinstance(value, float) else f"{value}{self.unit}"

    def _bounds(self) -> list[tuple[str, float]]:
        named = [(name, getattr(self, name)) for name in _BOUNDS]
        return [(name, bound) for name, bound in named if bound is not None]

    def _keeps(self, number: Any) -> bool:
        return all(_BOUNDS[name](number, bound) for name, bound in self._bounds())

    def _beside(self, bound: float, direction: int) -> float:
        """Return what comes next to a bound that is itself refused."""
        return bound + direction / 100 if self.unit == "%" else math.nextafter(bound, direction * math.inf)


def setting(default: Any, label: str, detail: str = "", **more: Any) -> Any:
    """Return a dataclass field that is a setting; `more` are attributes of `Setting`."""
    return field(default=default, metadata={"setting": Setting(label, detail=detail, **more)})


def settings_of(config: type) -> dict[str, Setting]:
    """Return the settings among the fields of a dataclass, by name."""
    kinds = get_type_hints(config)
    return {
        item.name: replace(item.metadata["setting"], name=item.name, kind=kinds[item.name])
        for item in fields(config)
        if "setting" in item.metadata
    }


def _is_a(value: Any, kind: type) -> bool:
    if isinstance(value, bool):  # which Python takes for a number
        return kind is bool
    return isinstance(value, kind) and not (isinstance(value, float) and not math.isfinite(value))
