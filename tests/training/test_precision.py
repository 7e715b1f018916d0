import time

import numpy as np
import pytest

from emotion.training import inspection, precision
from emotion.training.config import RunConfig
from emotion.training.environment import note_precision, noted_precision
from emotion.training.pace import PrecisionTrial

TINY = RunConfig(widths=(8,), blocks=1, stem_width=8)


@pytest.mark.parametrize(
    ("float32", "bfloat16", "faster"),
    [(0.04, 0.02, "bfloat16"), (0.04, 0.56, "float32"), (0.04, 0.04, "float32"), (0.04, 0.039, "float32")],
)
def test_the_faster_precision_is_taken_once_and_said(monkeypatch, float32, bfloat16, faster):
    asked: list[RunConfig] = []

    def compare(config):
        asked.append(config)
        return float32, bfloat16

    monkeypatch.setattr(precision, "compare", compare)
    said: list[str] = []
    assert precision.decide(TINY, said.append).precision == faster
    assert said[-1].startswith(f"Computing in {faster}: ")
    assert precision.decide(TINY.changed(epochs=3)).precision == faster
    assert len(asked) == 1  # remembered


def test_what_a_person_forces_is_not_timed(monkeypatch):
    monkeypatch.setattr(precision, "compare", None)
    for forced in precision.POLICIES:
        config = TINY.changed(precision=forced)
        assert precision.decide(config) is config


def test_another_network_or_processor_is_timed_anew(monkeypatch):
    key = inspection.question_key("precision", TINY)
    assert inspection.question_key("precision", TINY.changed(widths=(16,))) != key
    assert inspection.question_key("precision", TINY.changed(batch_size=64)) == key
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    assert inspection.question_key("precision", TINY) != key


def test_a_resumed_run_goes_on_in_the_precision_it_began_with(tmp_path):
    file = tmp_path / "config.json"
    file.write_text(TINY.to_json(), encoding="utf-8")
    assert noted_precision(file) is None
    note_precision(file, "bfloat16")
    assert noted_precision(file) == "bfloat16"
    assert RunConfig.from_json(file.read_text(encoding="utf-8")) == TINY


@pytest.mark.slow
def test_a_real_step_is_timed_both_ways_and_leaves_the_policy_as_it_was():
    import keras

    before = keras.config.dtype_policy().name
    trial = PrecisionTrial(*precision.compare(TINY))
    assert 0 < trial.float32 < np.inf
    assert 0 < trial.bfloat16 < np.inf
    assert keras.config.dtype_policy().name == before


@pytest.mark.slow
def test_a_hopeless_way_is_given_up_after_its_first_step(monkeypatch):
    clock = iter(range(100))
    monkeypatch.setattr(time, "perf_counter", lambda: next(clock))
    assert precision._step_seconds(TINY, "float32", limit=0.5) == 1
    assert next(clock) == 2  # one step was timed
