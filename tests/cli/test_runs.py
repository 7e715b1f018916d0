import json
import subprocess
import sys
import zipfile

import pytest

from emotion import paths
from emotion.cli.main import main
from emotion.runs import actions
from emotion.runs.run import Run, RunStatus
from emotion.runs.store import RunStore
from emotion.training.config import RunConfig
from tests.runs.stand_in import run_folder

EPOCH = {
    "epoch": 2, "loss": 2.0, "accuracy": 0.2, "val_loss": 1.9, "val_accuracy": 0.3, "learning_rate": 0.05,
    "seconds": 2.5,
}  # fmt: skip
BATCH = {"batch": 40, "batches": 80, "epoch": 3, "loss": 2.0, "accuracy": 0.2, "at": 0.0}


def command(capsys, *arguments: str) -> tuple[int, str, str]:
    exit_status = main(["runs", *arguments])
    captured = capsys.readouterr()
    return exit_status, captured.out, captured.err


def put(run_id: str, status: RunStatus, **columns: object) -> None:
    root = paths.runs_folder()
    folder = run_folder(root, run_id, RunConfig(name="quick", epochs=6))
    (folder / "metrics.jsonl").write_text(json.dumps(EPOCH) + "\n" + json.dumps(BATCH) + "\n")
    with RunStore(root).transaction() as transaction:
        transaction.add(Run(id=run_id, name="My run", status=status, epochs=6, epoch=1, **columns))


def test_list_json_says_what_it_promises(capsys, sleepers):
    put("old", RunStatus.FINISHED, dataset="fer2013", preset="base", val_accuracy=0.5, created_at=1.0)
    run_id = actions.submit(RunConfig(name="quick", epochs=6), "quick").id
    exit_status, out, err = command(capsys, "list", "--json")
    assert (exit_status, err) == (0, "")
    assert [json.loads(line) for line in out.splitlines()] == [
        {
            "id": run_id, "name": "quick", "status": "running", "dataset": "synthetic", "preset": "quick",
            "epoch": 0, "epochs": 6, "val_accuracy": None,
        },
        {
            "id": "old", "name": "My run", "status": "finished", "dataset": "fer2013", "preset": "base",
            "epoch": 1, "epochs": 6, "val_accuracy": 0.5,
        },
    ]  # fmt: skip


def test_list_in_words(capsys, sleepers):
    assert command(capsys, "list") == (
        0, "", "There is no run yet; start one with: python -m emotion train\n",
    )  # fmt: skip
    assert command(capsys, "list", "--json") == (0, "", "")
    put("old", RunStatus.STOPPED, dataset="/somewhere/faces.zip", val_accuracy=0.5)
    waiting = [actions.submit(RunConfig(name="quick"), "quick").id for _ in range(2)][1]
    _, out, _ = command(capsys, "list")
    lines = out.splitlines()
    assert lines[0].split()[:4] == [waiting, "queued", "(1)", "0/45"]
    assert lines[2].split() == ["old", "stopped", "1/6", "50.0%", "faces.zip", "My", "run"]


def test_show(capsys):
    put("a", RunStatus.FAILED, error="It broke.", note="Second try.", started_at=1e9, model="")
    exit_status, out, err = command(capsys, "show", "a")
    assert (exit_status, err) == (0, "")
    for words in ("failed", "It broke.", "Second try.", "1 of 6", "log.txt", "epoch 2: accuracy 0.200"):
        assert words in out
    _, out, _ = command(capsys, "show", "a", "--json")
    content = json.loads(out)
    assert (content["status"], content["error"], content["folder"]) == (
        "failed", "It broke.", str(paths.runs_folder() / "a"),
    )  # fmt: skip


def test_show_a_finished_run_without_its_result(capsys):
    put("a", RunStatus.FINISHED)
    exit_status, out, _ = command(capsys, "show", "a")
    assert exit_status == 0
    assert "result.json cannot be read" in out


def test_stop_resume_rename_note_move_delete(capsys, sleepers):
    put("a", RunStatus.INTERRUPTED)
    put("b", RunStatus.STOPPED)
    put("c", RunStatus.FAILED)

    def status_after(*arguments: str) -> str:
        exit_status, out, err = command(capsys, *arguments, "--json")
        assert (exit_status, err) == (0, "")
        return json.loads(out)["status"]

    assert status_after("resume", "a") == "running"
    assert status_after("resume", "b") == "queued"
    assert status_after("resume", "c") == "queued"
    assert json.loads(command(capsys, "move", "c", "up", "--json")[1])["queue_position"] == 1
    assert status_after("stop", "b") == "stopped"
    assert status_after("stop", "a") == "stopping"
    assert json.loads(command(capsys, "rename", "a", "New name", "--json")[1])["name"] == "New name"
    assert json.loads(command(capsys, "note", "a", "Words", "--json")[1])["note"] == "Words"
    assert command(capsys, "delete", "b", "--json")[1] == '{"id": "b", "deleted": true}\n'
    assert {run.id for run in actions.list_runs()} == {"a", "c"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["show", "nothing"], "There is no run 'nothing'"),
        (["stop", "../a"], "There is no run '../a'"),
        (["stop", "a"], "The run a is stopped, so it cannot be stopped"),
        (["finish", "a"], "no finished epoch yet"),
        (["use", "a"], "only a finished run has a model"),
        (["rename", "a", " "], "at least one letter"),
        (["move", "a", "up"], "has no place in the queue"),
        (["export", "a", "-o", "nowhere/run.zip"], "could not be written"),
        (["export", "a", "-o", "nowhere/curves.csv"], "could not be written"),
    ],
)
def test_failures_in_one_sentence(capsys, arguments, message):
    put("a", RunStatus.STOPPED)
    exit_status, out, err = command(capsys, *arguments, "--json")
    assert (exit_status, out) == (1, "")
    assert message in err
    assert len(err.splitlines()) == 1


def test_export(capsys, tmp_path):
    put("a", RunStatus.STOPPED)
    for name in ("run.zip", "curves.csv"):
        exit_status, out, _ = command(capsys, "export", "a", "-o", str(tmp_path / name), "--json")
        assert exit_status == 0
        assert json.loads(out) == {"id": "a", "file": str(tmp_path / name)}
    assert "a/config.json" in zipfile.ZipFile(tmp_path / "run.zip").namelist()
    assert (tmp_path / "curves.csv").read_text().splitlines()[1].startswith("2,2.0,")
    assert command(capsys, "export", "a", "-o", "run.tar")[0] == 2


@pytest.mark.parametrize("arguments", [[], ["show"], ["stop"], ["move", "a", "sideways"], ["juggle"]])
def test_wrong_usage(arguments):
    with pytest.raises(SystemExit) as caught:
        main(["runs", *arguments])
    assert caught.value.code == 2


@pytest.mark.slow
def test_the_runs_load_neither_keras_nor_streamlit():
    code = (
        "import sys; from emotion.cli.main import main; main(['runs', 'list'])\n"
        "print(*{name.split('.')[0] for name in sys.modules})"
    )
    output = subprocess.run([sys.executable, "-c", code], cwd=paths.PROJECT, capture_output=True, check=True)
    assert {"keras", "tensorflow", "streamlit", "plotly"}.isdisjoint(output.stdout.decode().split())
