import pytest

from emotion import paths
from emotion.training.cli import main


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--preset", "base"], "needs a dataset"),
        (["--epochs", "0"], "Epochs must be at least 1"),
        (["--name", "../x"], "The name must be"),
        (["--resume", "nowhere"], "config.json cannot be read"),
    ],
)
def test_wrong_usage(arguments, message, capsys):
    assert main(arguments) == 2
    assert message in " ".join(capsys.readouterr().err.split())
    assert not paths.runs_folder().exists()


def test_unknown_preset(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["--preset", "enormous"])
    assert caught.value.code == 2
    assert "invalid choice" in capsys.readouterr().err


def test_a_dataset_that_is_not_there(capsys):
    assert main(["--dataset", "nowhere.zip"]) == 1
    captured = capsys.readouterr()
    assert "There is no dataset" in " ".join(captured.err.split())
    assert captured.out.startswith("20")  # the run's id alone
