import dataclasses
import json
import sys

import pytest

from emotion import paths
from emotion.errors import TrainingError
from emotion.training import inspection
from emotion.training.config import RunConfig
from emotion.training.inspection import Inspector
from tests.helpers import PATIENCE, at_once, wait_until

TINY = RunConfig(widths=(8,), blocks=1, stem_width=8, batch_size=16, mixed_precision=False)


@pytest.mark.parametrize(
    ("changes", "network_differs", "pace_differs"),
    [
        ({"epochs": 3, "learning_rate": 0.3, "seed": 9, "name": "other"}, False, False),
        ({"batch_size": 64}, False, True),
        ({"optimizer": "adam"}, False, True),
        ({"widths": (16,)}, True, True),
        ({"architecture": "classic"}, True, True),
        ({"ema_momentum": 0.5}, False, False),
        ({"ema_momentum": 0.0}, False, True),
        ({"dropout": 0.5, "rotation": 3.0}, False, False),
        ({"erasing": 0.0}, False, True),
        ({"mixup": 0.4}, False, True),
        ({"teachers": ("large",)}, False, True),
    ],
)
def test_an_answer_is_used_again_where_it_holds(changes, network_differs, pace_differs):
    other = TINY.changed(**changes)
    for question, differs in (("describe", network_differs), ("measure", pace_differs)):
        assert (inspection._key(question, TINY) != inspection._key(question, other)) == differs


@pytest.mark.slow
def test_a_real_network_described_and_measured_once(monkeypatch):
    inspector = Inspector()
    assert inspector.peek_description(TINY) is None
    described = inspector.describe(TINY)
    first, convolution = described.layers[0], next(row for row in described.layers if row.kind == "Conv2D")
    assert first.output_shape == (48, 48, 1)
    assert convolution.parameters == 3 * 3 * 8
    assert convolution.multiply_adds == 48 * 48 * 3 * 3 * 8
    assert described.parameters == sum(row.parameters for row in described.layers)
    inspector.request("measure", TINY)
    inspector.request("measure", TINY)
    wait_until(lambda: not inspector.is_pending("measure", TINY))
    pace = inspector.peek_pace(TINY)
    assert inspector.error("measure", TINY) is None
    assert all(value > 0 for value in dataclasses.astuple(pace) if isinstance(value, float))
    # Neither is asked again, even by another process.
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert Inspector().describe(TINY) == described
    assert Inspector().measure(TINY) == pace


def test_what_cannot_be_measured_says_so_once(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    monkeypatch.setattr(inspection, "RETRY_SECONDS", PATIENCE)
    inspector = Inspector()
    with pytest.raises(TrainingError, match="could not be built"):
        inspector.describe(TINY)
    inspector.request("describe", TINY)
    wait_until(lambda: not inspector.is_pending("describe", TINY))
    assert "could not be built" in inspector.error("describe", TINY)
    inspector.request("describe", TINY)
    assert not inspector.is_pending("describe", TINY)


@pytest.mark.parametrize(
    "content",
    ["", "[]", "nonsense", '{"other": 1}', '{"KEY": 1}', '{"KEY": {"layers": [{}]}}', '{"KEY": [[]]}'],
)
def test_a_damaged_memory_is_no_memory(content):
    file = paths.runs_folder() / "measured.json"
    file.parent.mkdir(parents=True)
    for question, peek in (("measure", Inspector().peek_pace), ("describe", Inspector().peek_description)):
        file.write_text(content.replace("KEY", inspection._key(question, TINY)))
        assert peek(TINY) is None
    inspection._remember("some-key", {"a": 1})
    assert json.loads(file.read_text())["some-key"] == {"a": 1}


def test_several_programs_remember_at_once():
    code = (
        "import sys; from emotion.training import inspection\nsys.stdin.readline()\n"
        "for number in range(20):\n    inspection._remember(f'{sys.argv[1]}-{number}', {'a': number})"
    )
    at_once(code)
    assert len(json.loads((paths.runs_folder() / "measured.json").read_text())) == 3 * 20
