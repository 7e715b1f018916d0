"""Whatever lies on disk may be damaged, by a crash or by a person: a command then says so, or works."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from emotion import paths
from emotion.cli.main import main
from emotion.dataset import store as dataset_store
from emotion.dataset.importing import import_dataset
from emotion.dataset.votes import VOTE_COLUMNS
from emotion.models import registry
from emotion.runs import launcher
from emotion.runs.run import Run, RunStatus
from emotion.runs.store import RunStore
from emotion.training.config import RunConfig
from tests.helpers import faces_by_name, write_folder
from tests.runs.stand_in import Sleepers, run_folder

pytestmark = pytest.mark.slow
EPOCH = {
    "epoch": 1, "loss": 2.0, "accuracy": 0.2, "val_loss": 1.9, "val_accuracy": 0.3, "learning_rate": 0.05,
    "seconds": 2.5,
}  # fmt: skip
FIGURES = {"n": 7, "accuracy": 0.5, "macro_f1": 0.4}


def other_values(path: Path) -> str:
    """Return an object with the keys that are expected and what no one expects of them."""
    try:
        content = json.loads(path.read_text())
    except ValueError:
        content = EPOCH
    content = content if isinstance(content, dict) else {}
    kept = {key: content[key] for key in ("format", "labels") if key in content}
    return json.dumps({key: [None, {"x": -1}] for key in content} | kept)


# What a file may hold; None: a folder is in its place.
DAMAGES: dict[str, Callable[[Path], str | bytes | None]] = {
    "empty": lambda path: "",
    "cut short": lambda path: path.read_bytes()[: path.stat().st_size // 2],
    "no text": lambda path: b"\xff\x00" * 30,
    "a number": lambda path: "7",
    "a list": lambda path: "[{}]",
    "an empty object": lambda path: "{}",
    "other values": other_values,
    "a folder": lambda path: None,
    "missing": lambda path: None,
}


def damage(path: Path, how: str) -> None:
    content = DAMAGES[how](path)
    path.unlink()  # not written over: the undamaged home has the same file
    if how == "a folder":
        path.mkdir()
    elif content is not None:
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def link_or_copy(source: str, target: str) -> None:
    """Databases are changed in place; all else is replaced, so that a link will do."""
    (shutil.copy2 if "sqlite" in source else os.link)(source, target)


# Of each kind of thing: its files, and the commands that read them.
RUN = ["config.json", "metrics.jsonl", "result.json", "model/card.json", "model/model.tflite"]
RUN_COMMANDS = [
    "runs list --json", "runs show done --json", "runs show done", "runs note done words",
    "runs rename done new", "runs export done -o {out}/run.zip", "runs export done -o {out}/run.csv",
    "runs finish halfway", "runs resume halfway", "runs use done", "runs stop halfway", "runs delete done",
]  # fmt: skip
DATASET = [
    "images.npy", "index.npy", "description.json", "report.json", "votes.npy", "exclusions.json", "cache/*",
]  # fmt: skip
DATASET_COMMANDS = [
    "datasets list --json", "datasets stats mine", "datasets stats mine --json",
    "evaluate mine --model own --honour-exclusions --json", "evaluate mine --model own --against votes",
]  # fmt: skip
MODEL = ["card.json", "model.tflite", "../.active.json"]
MODEL_COMMANDS = [
    "models list --json", "models list", "models card own", "evaluate mine --model own --json",
    "models note own words", "models use own", "models rename own new", "models delete own",
]  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A home with a finished run and one halfway, a dataset with all its files, and a model of one's own."""
    home = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMOTION_HOME", str(home))
        patch.setattr("emotion.dataset.store.BUILTIN_FACES", 21)
        dataset_store.open_dataset("synthetic")  # drawn once
        shutil.copytree(
            paths.shipped_models_folder() / "small", home / "model", ignore=lambda *_: ["model.keras"]
        )
        registry.add_model(home / "model", "own")
        registry.activate("own")
        for run_id, status in (("done", RunStatus.FINISHED), ("halfway", RunStatus.STOPPED)):
            folder = run_folder(paths.runs_folder(), run_id, RunConfig(name="quick", epochs=6))
            (folder / "metrics.jsonl").write_text(
                json.dumps(EPOCH) + "\n" + json.dumps(EPOCH | {"epoch": 2}) + "\n"
            )
            (folder / "result.json").write_text(json.dumps({"metrics": {"test": FIGURES}}))
            (folder / "best.weights.h5").touch()
            shutil.copytree(home / "model", folder / "model")
            with RunStore(paths.runs_folder()).transaction() as transaction:
                transaction.add(Run(id=run_id, name=run_id, status=status, epochs=6))
        files = faces_by_name(14, "train") | faces_by_name(7, "test", seed=5)
        import_dataset(write_folder(home / "faces", files | {"test/angry/bad.png": b""}), "mine")
        dataset = dataset_store.open_dataset("mine")
        rows = [
            f"{name},{','.join('5' for _ in VOTE_COLUMNS[:3])},1,1,1,1,0,0,0" for name in dataset.faces.names
        ]
        table = "\n".join([f"image,{','.join(VOTE_COLUMNS)}", *rows])
        dataset_store.attach_votes("mine", table.encode())
        dataset_store.exclude("mine", np.array([0]), "no face")
        assert main(["datasets", "stats", "mine"]) == 0  # fills the cache
    return home


@pytest.fixture
def home(whole, monkeypatch, tmp_path):
    target = Path(shutil.copytree(whole, tmp_path / "home", copy_function=link_or_copy))
    monkeypatch.setenv("EMOTION_HOME", str(target))
    sleepers = Sleepers()
    monkeypatch.setattr(launcher, "start", sleepers.start)
    (tmp_path / "out").mkdir()
    yield target
    sleepers.kill_all()


def check(capsys, commands: list[str], out: Path) -> None:
    for command in commands:
        status = main(command.format(out=out).split())
        said = capsys.readouterr()
        assert status in (0, 1), command
        if "--json" in command:
            assert all(json.loads(line) for line in said.out.splitlines()), command
        if status:
            sentence = said.err.splitlines()[-1]
            assert sentence.endswith("."), (command, said.err)
            assert "Traceback" not in said.err, (command, said.err)


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("name", [*RUN, "config.json of a run that nobody knows"])
def test_a_damaged_run(home, capsys, tmp_path, name, how):
    for run_id in ("done", "halfway"):
        damage(home / "runs" / run_id / name.split()[0], how)
    if name not in RUN:
        (home / "runs" / "runs.sqlite").unlink()
    check(capsys, RUN_COMMANDS, tmp_path / "out")


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("name", DATASET)
def test_a_damaged_dataset(home, capsys, tmp_path, name, how):
    (path,) = (home / "data" / "mine").glob(name)
    damage(path, how)
    check(capsys, DATASET_COMMANDS, tmp_path / "out")


@pytest.mark.parametrize("how", DAMAGES)
@pytest.mark.parametrize("name", MODEL)
def test_a_damaged_model(home, capsys, tmp_path, name, how):
    damage(home / "models" / "own" / name, how)
    check(capsys, MODEL_COMMANDS, tmp_path / "out")
