import json

import pytest

from emotion.errors import TrainingError
from emotion.training.config import ConfigError, RunConfig, load_config
from emotion.training.environment import environment, note_fingerprint


def test_environment_is_json_and_names_what_counts():
    noted = json.loads(json.dumps(environment()))
    assert {"python", "platform", "backend", "packages", "git_commit"} == set(noted)
    assert noted["packages"]["keras"].startswith("3.")


def test_a_run_remembers_its_faces(tmp_path):
    file = tmp_path / "config.json"
    file.write_text(RunConfig(seed=4).to_json())
    note_fingerprint(file, "abc")
    note_fingerprint(file, "abc")
    assert json.loads(file.read_text())["dataset_fingerprint"] == "abc"
    assert load_config(file) == RunConfig(seed=4)
    with pytest.raises(TrainingError, match="The dataset has changed"):
        note_fingerprint(file, "def")


def test_a_damaged_config_gives_one_sentence(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        note_fingerprint(tmp_path / "config.json", "abc")
