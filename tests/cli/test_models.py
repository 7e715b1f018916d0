import json
import zipfile

import pytest

from emotion import paths
from emotion.cli import reading as reading_cli
from emotion.cli.main import main
from emotion.dataset import store
from emotion.evaluation import cache
from emotion.evaluation.trial import Trial, trial_faces
from emotion.exchange.exports import FormFigures
from emotion.exchange.imports import Told
from emotion.exchange.orders import ALPHABETICAL
from emotion.models import registry
from emotion.models.card import change_card, read_card
from tests.helpers import faces_by_name, write_folder

CROWD = paths.shipped_models_folder() / "crowd"


def run(capsys, *arguments):
    status = main(["models", *[str(argument) for argument in arguments]])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_list(capsys):
    registry.add_model(CROWD, "mine")
    registry.set_note("mine", "from Monday")
    registry.activate("mine")
    status, out, _ = run(capsys, "list", "--json")
    assert status == 0
    found = {model["name"]: model for model in map(json.loads, out.splitlines())}
    shipped, mine = found["crowd"], found["mine"]
    assert (shipped["active"], shipped["shipped"]) == (False, True)
    assert (mine["name"], mine["active"], mine["shipped"], mine["note"]) == (
        "mine",
        True,
        False,
        "from Monday",
    )
    assert shipped["accuracy"] == pytest.approx(0.86, abs=0.03)
    assert shipped["parameters"] > 100_000
    assert shipped["bytes"] == (CROWD / "model.tflite").stat().st_size
    assert shipped["milliseconds"] > 0
    assert shipped["baseline_milliseconds"] > 0
    status, out, _ = run(capsys, "list")
    assert "mine (in use): accuracy" in out
    assert "ms a face - from Monday" in out


def test_a_model_without_its_file_is_listed_so_that_it_can_be_deleted(capsys):
    registry.add_model(CROWD, "broken")
    (registry.model_folder("broken") / "model.tflite").unlink()
    status, out, _ = run(capsys, "list")
    assert status == 0
    assert "broken: accuracy" in out
    assert "cannot be used" in out
    assert run(capsys, "delete", "broken")[0] == 0


def test_a_model_can_be_used_where_its_speed_cannot_be_kept(capsys):
    cache.results_folder().parent.mkdir(parents=True)
    cache.results_folder().write_text("no folder")
    status, out, _ = run(capsys, "list")
    assert status == 0
    assert "cannot be used" not in out
    assert out.count(" ms a face") == len(registry.list_models())
    assert cache.results_folder().is_file()


def test_use_rename_note_and_delete(capsys):
    registry.add_model(CROWD, "mine")
    assert run(capsys, "use", "mine")[2] == "The pages and the command line now use mine.\n"
    assert run(capsys, "rename", "mine", "ours") == (0, "", "")
    assert registry.active_model() == "ours"
    assert run(capsys, "note", "ours", "well done")[0] == 0
    assert read_card(registry.model_folder("ours")).note == "well done"
    assert run(capsys, "delete", "ours")[0] == 0
    assert registry.active_model() == "crowd"


@pytest.mark.slow
def test_card(capsys, tmp_path):
    status, out, err = run(capsys, "card", "crowd")
    assert (status, err) == (0, "")
    assert out.startswith("# crowd\n")
    assert "The model: MIT" in out
    file, measured = tmp_path / "card.md", tmp_path / "robustness.json"
    assert run(capsys, "card", "crowd", "-o", file) == (0, "", f"Written: {file}\n")
    assert file.read_text() == out
    assert [path.name for path in tmp_path.iterdir()] == ["card.md"]
    _, printed, _ = run(capsys, "robustness", "crowd", "synthetic", "--json")
    measured.write_text(printed)
    assert "| JPEG quality |" in run(capsys, "card", "crowd", "--robustness", measured)[1]
    registry.add_model(CROWD, "mine")
    assert "MIT, as the code" not in run(capsys, "card", "mine")[1]
    status, out, err = run(capsys, "card", "mine", "--robustness", measured)
    assert (status, out) == (1, "")
    assert "is about the model 'crowd', not about 'mine'" in err


@pytest.mark.parametrize("name", ["model.tflite", "bundle.zip"])
def test_export(capsys, tmp_path, name):
    status, out, err = run(capsys, "export", "crowd", "--format", "litert", "-o", tmp_path / name)
    assert (status, out) == (0, "")
    assert "Written" in err
    if name.endswith(".zip"):
        assert "crowd/example.py" in zipfile.ZipFile(tmp_path / name).namelist()
    else:
        assert (tmp_path / name).read_bytes() == (CROWD / "model.tflite").read_bytes()


def test_an_export_without_a_file_is_only_made(capsys):
    assert run(capsys, "export", "crowd", "--format", "litert")[0] == 0
    assert str(CROWD / "model.tflite") in run(capsys, "export", "crowd", "--format", "litert")[2]


def test_what_weights_of_8_bits_cost(capsys):
    faces = trial_faces(Trial("crowd", store.SYNTHETIC, "test"))
    cache.save_json(cache.forms_path(faces), vars(FormFigures(12, 0.5, 0.49, 0.021, 6_500_000, 1_600_000)))
    status, out, _ = run(capsys, "weights", "crowd", "synthetic")
    assert status == 0
    assert "accuracy 50.00% with weights of 32 bits (6,500,000 bytes), 49.00% with 8 bits" in out
    status, out, _ = run(capsys, "weights", "crowd", "synthetic", "--json")
    assert json.loads(out)["quantised_accuracy"] == 0.49


def test_import(capsys):
    status, out, _ = run(capsys, "import", CROWD / "model.tflite", "--name", "brought", "--labels", "fer2013")
    assert (status, out) == (0, "brought\n")
    assert "brought" in [card.name for card in registry.list_models()]


def foreign() -> str:
    """A model whose card says that it was made elsewhere, and that white is 255 to it."""
    name = registry.add_model(CROWD, "foreign")
    change_card(registry.model_folder(name), output={"activation_maps": False}, imported_from="x.tflite")
    return name


def test_adjust(capsys):
    name = foreign()
    status, out, err = run(capsys, "adjust", name, "--range=-1-1", "--labels", "alphabetical")
    assert (status, out) == (0, "")
    assert err == (
        "foreign is given -1 (black) to 1 (white), and its outputs are read in the order alphabetical.\n"
    )
    reading = read_card(registry.model_folder(name)).reading
    assert reading.ranges == ((-1.0, 1.0),)
    assert reading.classes == ALPHABETICAL
    assert run(capsys, "adjust", name, "--range", "0.5/0.25")[0] == 0
    assert read_card(registry.model_folder(name)).reading.ranges == ((-2.0, 2.0),)
    assert read_card(registry.model_folder(name)).reading.classes == ALPHABETICAL


def test_try(capsys, tmp_path):
    name = foreign()
    run(capsys, "adjust", name, "--labels", "ferplus")
    write_folder(tmp_path / "faces", faces_by_name(84))
    status, out, _ = run(capsys, "try", name, tmp_path / "faces", "--json")
    assert status == 0
    found = json.loads(out)
    best = found["candidates"][0]
    assert (found["n"], found["proposed"], best["range"]) == (84, True, "0-255")
    assert best["mean_recall"] > found["now"]["mean_recall"] + 0.1
    status, out, _ = run(capsys, "try", name, tmp_path / "faces", "--use")
    assert "would be right with 0 (black) to 255 (white) and the order" in out
    assert out.endswith("So it is read now.\n")
    reading = read_card(registry.model_folder(name)).reading
    assert (reading.ranges, list(reading.classes)) == (((0.0, 255.0),), best["labels"])


def test_an_imported_model_is_tried_on_the_largest_dataset_there_is(tmp_path):
    assert reading_cli._dataset_to_try("", Told()) is None
    for name, count in (("few", 14), ("many", 21)):
        write_folder(tmp_path / name, faces_by_name(count))
        assert main(["datasets", "import", str(tmp_path / name), "--name", name]) == 0
    assert reading_cli._dataset_to_try("", Told()) == "many"
    assert reading_cli._dataset_to_try("few", Told()) == "few"
    assert reading_cli._dataset_to_try("none", Told()) is None
    assert reading_cli._dataset_to_try("", Told("fer2013", ((0.0, 1.0),))) is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["use", "nope"], "There is no model 'nope'; choose from: crowd"),
        (["delete", "crowd"], "comes with the product and cannot be deleted"),
        (["rename", "crowd", "x"], "comes with the product and cannot be renamed"),
        (["evaluate", "crowd", "nowhere"], "There is no dataset called 'nowhere'"),
        (["evaluate", "nope", "synthetic"], "There is no model 'nope'"),
        (["import", "/no/such/file.keras"], "The file cannot be read: No such file"),
        (["import", __file__], "The file is no model"),
        (["import", CROWD], "This is a folder"),
        (["import", CROWD / "model.keras", "--range", "white"], "The range 'white' is none"),
        (
            ["import", CROWD / "model.keras", "--contempt", "pride"],
            "Contempt is left out, or counts as one of",
        ),
        (["adjust", "crowd", "--range", "0-1"], "its range and its order are known, and stay"),
        (["adjust", "nope"], "There is no model 'nope'"),
        (["try", "crowd", "synthetic"], "its range and its order are known, and stay"),
        (["import", CROWD / "model.keras", "--labels", "happy, sad"], "must name each of these once"),
        (["export", "crowd", "--format", "litert", "-o", "/no/such/folder/x"], "could not be written"),
        (["card", "nope"], "There is no model 'nope'"),
        (["card", "crowd", "-o", "/no/such/folder/x"], "could not be written: No such file"),
        (["card", "crowd", "--robustness", "/no/such/file"], "cannot be read: No such file"),
        (["evaluate", "crowd", "synthetic", "--against", "votes"], "has no votes attached"),
        (["robustness", "crowd", "synthetic", "--against", "votes"], "has no votes attached"),
        (
            ["card", "crowd", "--robustness", CROWD / "card.json"],
            "card.json is not what `python -m emotion models",
        ),
    ],
)
def test_failures_in_one_sentence(capsys, arguments, message):
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (1, "")
    assert message in err
    assert "Traceback" not in err


@pytest.mark.parametrize("arguments", [[], ["export", "crowd"], ["juggle"], ["use"]])
def test_wrong_usage(arguments):
    with pytest.raises(SystemExit) as caught:
        main(["models", *arguments])
    assert caught.value.code == 2
