import dataclasses
import json

import pytest

from emotion import paths
from emotion.training import inspection
from emotion.training.config import RunConfig
from emotion.training.pace import Pace
from tests.helpers import at_once

TINY = RunConfig(widths=(8,), blocks=1, stem_width=8, batch_size=16, precision="float32")
PACE = Pace(0.5, 0.01, 10.0, 5.0, 256.0, "CPU", "float32", 1_700_000_000.0)


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
        assert (
            inspection.question_key(question, TINY) != inspection.question_key(question, other)
        ) == differs


@pytest.mark.slow
def test_a_real_network_described_and_measured_once(monkeypatch):
    from emotion.training import measuring

    assert inspection.known_description(TINY) is None
    described = measuring.describe(TINY)
    first, convolution = described.layers[0], next(row for row in described.layers if row.kind == "Conv2D")
    assert first.output_shape == (48, 48, 1)
    assert convolution.parameters == 3 * 3 * 8
    assert convolution.multiply_adds == 48 * 48 * 3 * 3 * 8
    assert described.parameters == sum(row.parameters for row in described.layers)
    pace = measuring.measure(TINY)
    assert all(value > 0 for value in dataclasses.astuple(pace) if isinstance(value, float))
    # Neither is asked again.
    monkeypatch.setattr(measuring, "build_network", None)
    assert measuring.describe(TINY) == described == inspection.known_description(TINY)
    assert measuring.measure(TINY) == pace == inspection.known_pace(TINY)


@pytest.mark.parametrize(
    "content",
    ["", "[]", "nonsense", '{"other": 1}', '{"KEY": 1}', '{"KEY": {"layers": [{}]}}', '{"KEY": [[]]}'],
)
def test_a_damaged_memory_is_no_memory(content):
    file = paths.runs_folder() / "measured.json"
    file.parent.mkdir(parents=True)
    for question, known in (
        ("measure", inspection.known_pace),
        ("describe", inspection.known_description),
    ):
        file.write_text(content.replace("KEY", inspection.question_key(question, TINY)))
        assert known(TINY) is None
    inspection.remember("measure", TINY, PACE)
    assert inspection.known_pace(TINY) == PACE


@pytest.mark.slow
def test_several_programs_remember_at_once():
    code = (
        "import sys; from emotion.training import inspection\n"
        "from tests.training.test_inspection import PACE, TINY\nsys.stdin.readline()\n"
        "for number in range(20):\n"
        "    config = TINY.changed(batch_size=8 + number, widths=(8 + int(sys.argv[1]),))\n"
        "    inspection.remember('measure', config, PACE)"
    )
    at_once(code)
    assert len(json.loads((paths.runs_folder() / "measured.json").read_text())) == 3 * 20
