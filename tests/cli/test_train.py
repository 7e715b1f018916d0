import argparse
import json

import pytest

from emotion import paths
from emotion.cli.train import add_arguments, config_from, main
from emotion.runs import actions, launcher
from emotion.training.config import SETTINGS, RunConfig
from emotion.training.presets import PRESETS
from tests.runs.stand_in import run_folder


def config(*arguments: str) -> RunConfig:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return config_from(parser.parse_args(list(arguments)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--preset", "base"], "needs a dataset"),
        (["--epochs", "0"], "Epochs must be at least 1"),
        (["--name", "../x"], "The name must be"),
        (["--preset", "crowd", "--dataset", "synthetic"], "train the preset 'crowd-start' first"),
        (["--start-from", "nobody"], "There is no model 'nobody'"),
        (["--resume", "x", "--epochs", "3"], "leave out all but --resume"),
        (["--resume", "x", "--preset", "base"], "leave out all but --resume"),
    ],
)
def test_wrong_usage(arguments, message, capsys):
    assert main(arguments) == 2
    assert message in capsys.readouterr().err
    assert not paths.runs_folder().exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--dataset", "nowhere.zip"], "There is no dataset"),
        (["--preset", "base", "--dataset", "nothing"], "There is no dataset"),
        (["--estimate", "--dataset", "nothing"], "There is no dataset"),
        (["--resume", "nothing"], "There is no run 'nothing'"),
        (["--resume", "."], "does not lie in"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_starts(arguments, message, capsys):
    assert main(arguments) == 1
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.out == ""
    assert not paths.runs_folder().exists()


def test_a_folder_elsewhere_is_no_run(tmp_path, capsys):
    assert main(["--resume", str(run_folder(tmp_path, "a"))]) == 1
    assert "move it there" in capsys.readouterr().err


def test_unknown_preset(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["--preset", "enormous"])
    assert caught.value.code == 2
    assert "invalid choice" in capsys.readouterr().err


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_can_be_asked_for(name):
    made = config("--preset", name, "--dataset", "synthetic")
    assert (
        made.changed(warmup_epochs=PRESETS[name].warmup_epochs, dataset=PRESETS[name].dataset)
        == PRESETS[name]
    )


def test_options_change_the_preset():
    made = config(
        "--epochs", "4", "--optimizer", "adamw", "--label-smoothing", "0", "--class-balance", "weights",
        "--teachers", "large", "other", "--name", "mine", "--mixup", "0.3", "--start-from", "ours",
        "--widths", "32", "64", "--blocks", "3", "--stem-width", "48", "--stochastic-depth", "0.1",
    )  # fmt: skip
    assert (made.widths, made.blocks, made.stem_width, made.stochastic_depth) == ((32, 64), 3, 48, 0.1)
    assert made.start_from == "ours"
    assert (made.epochs, made.optimizer, made.label_smoothing, made.class_balance) == (
        4,
        "adamw",
        0,
        "weights",
    )
    assert (made.teachers, made.name, made.mixup, made.dataset) == (
        ("large", "other"),
        "mine",
        0.3,
        "synthetic",
    )
    assert made.warmup_epochs == 1.0  # never longer than a quarter


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_has_an_option(name):
    option, known = f"--{name.replace('_', '-')}", SETTINGS[name]
    default = RunConfig().values()[name]
    if known.kind is bool:
        cases = {(option,): True, (f"--no-{option[2:]}",): False}
    elif known.choices:
        cases = {(option, choice): choice for choice in known.choices}
    elif known.is_tuple:
        parts = (8, 16) if name == "widths" else ("large", "small")
        cases = {(option, *map(str, parts)): parts}
    elif known.kind is str:
        cases = {(option, "synthetic"): "synthetic"}
    else:
        cases = {(option, str(value)): value for value in {default, known.kind(known.lowest)}}
    for arguments, expected in cases.items():
        assert config(*arguments).values()[name] == expected


def test_teachers_are_left_out_and_a_warm_up_is_as_long_as_asked():
    made = config("--preset", "small", "--dataset", "synthetic", "--teachers", "--warmup-epochs", "9")
    assert (made.teachers, made.warmup_epochs) == ((), 9.0)


def test_the_settings_of_another_run_stay_as_they_are(tmp_path):
    file = tmp_path / "config.json"
    before = RunConfig().changed(epochs=4, warmup_epochs=3.0)
    file.write_text(before.to_json())
    assert config("--config", str(file)) == before
    assert config("--config", str(file), "--epochs", "8").warmup_epochs == 2.0


def test_the_help_tells_what_a_setting_may_be(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    words = " ".join(capsys.readouterr().out.split())
    assert "Share for validation (above 0 and at most 0.5). Of the training faces" in words


def test_detach_returns_at_once_with_the_id_alone_on_stdout(capsys, sleepers):
    assert main(["--detach", "--epochs", "3"]) == 0
    captured = capsys.readouterr()
    run = actions.get_run(captured.out.strip())
    assert (str(run.status), run.preset, run.epochs, run.register) == ("running", "quick", 3, True)
    assert f"python -m emotion runs show {run.id}" in captured.err
    assert main(["--detach", "--replace"]) == 0
    waiting = actions.get_run(capsys.readouterr().out.strip())
    assert (str(waiting.status), waiting.replace_model) == ("queued", True)


@pytest.mark.parametrize("by_folder", [False, True])
def test_resume_in_the_background(capsys, sleepers, by_folder):
    folder = run_folder(paths.runs_folder(), "mine")
    assert main(["--detach", "--resume", str(folder) if by_folder else "mine"]) == 0
    assert capsys.readouterr().out == "mine\n"
    run = actions.get_run("mine")
    assert (str(run.status), run.register, run.replace_model) == ("running", True, False)
    assert main(["--resume", "mine"]) == 1
    assert "is running already, so it cannot be resumed" in capsys.readouterr().err


def test_following_tells_how_it_goes_and_how_it_ends(capsys, sleepers, monkeypatch):
    """The process dies under the eyes of who follows it."""
    folder = run_folder(paths.runs_folder(), "mine", RunConfig(name="mine", epochs=3))
    epoch = {
        "epoch": 1, "loss": 2.0, "accuracy": 0.25, "val_loss": 1.9, "val_accuracy": 0.3,
        "learning_rate": 0.05, "seconds": 2.5,
    }  # fmt: skip

    def start_and_die(run):
        process = sleepers.start(run)
        (folder / "metrics.jsonl").write_text(json.dumps(epoch) + "\n")
        process.kill()
        return process

    monkeypatch.setattr(launcher, "start", start_and_die)
    assert main(["--resume", "mine"]) == 1
    captured = capsys.readouterr()
    assert captured.out == "mine\n"
    for words in (
        "epoch   1  accuracy 0.250  validation 0.300",
        "Interrupted after 1 epoch. Go on with: python train_model.py --resume mine",
        f"Log: {folder / 'log.txt'}",
    ):
        assert words in captured.err
