"""The page of models, as Streamlit runs it, without a browser."""

import json
import shutil
import sys
from dataclasses import asdict, replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from emotion import paths
from emotion.cli.main import main
from emotion.dataset import store
from emotion.dataset.votes import COLUMN_OF_EMOTION, VOTE_COLUMNS
from emotion.evaluation import cache, tasks, timing
from emotion.evaluation.answers import load_probabilities
from emotion.evaluation.report import Robustness, RobustnessCurve
from emotion.evaluation.robustness import CORRUPTIONS
from emotion.evaluation.trial import Trial, trial_faces
from emotion.exchange import exports
from emotion.exchange.adjusting import adjust
from emotion.exchange.orders import ALPHABETICAL
from emotion.jobs.status import JobState
from emotion.labels import EMOTIONS
from emotion.models import registry
from emotion.models.card import read_card
from emotion.models.classifier import Classifier, Predictions
from pages.models import list as models_list
from pages.shared.jobs import app_jobs
from tests.helpers import PATIENCE, UNTIL_CANCELLED, faces_by_name, write_folder
from tests.pages.helpers import metrics, new_app, texts

CROWD = paths.shipped_models_folder() / "crowd"
TRIAL = Trial("crowd", store.SYNTHETIC, "test")


@pytest.fixture(autouse=True)
def _no_job_of_another_test():
    yield
    for status in app_jobs().active():
        app_jobs().cancel(status.key)
        app_jobs().wait(status.key, PATIENCE)
    app_jobs().dismiss("import-model")


@pytest.fixture(autouse=True)
def _speeds_are_known(monkeypatch):
    """To measure them takes a process, and a second of each test."""
    monkeypatch.setattr(models_list, "known_timing", lambda name: timing.Timing(1.5, 1.0, "here"))


@pytest.fixture
def speeds_are_unknown(monkeypatch):
    monkeypatch.setattr(models_list, "known_timing", timing.known_timing)


def open_page(view: str = "Overview", model: str = "crowd") -> AppTest:
    app = new_app("models").run()
    for status in app_jobs().active():  # how fast the models are, where that is unknown
        app_jobs().wait(status.key, PATIENCE)
        app.run()
    if model != "crowd":
        app.selectbox(key="models_model").set_value(model).run()
    if view != "Overview":
        app.segmented_control(key="models_view").set_value(view).run()
    assert not app.exception
    return app


def labels(app) -> list[str]:
    return [button.label for button in app.button]


def foreign() -> str:
    """A model whose card says that it was made elsewhere and does not tell where it looks."""
    name = registry.add_model(CROWD, "foreign")
    path = registry.model_folder(name) / "card.json"
    changes = {"output": {"activation_maps": False, "scores": "probabilities"}, "imported_from": "x.tflite"}
    path.write_text(json.dumps(json.loads(path.read_text()) | changes), encoding="utf-8")
    return name


def test_a_newcomer_sees_the_shipped_model():
    app = open_page()
    assert app.title[0].value == "Models"
    table = app.dataframe[0].value
    assert table["model"].tolist() == list(registry.SHIPPED_MODELS)
    assert table["model"][table["in use"] == "in use"].tolist() == ["crowd"]
    assert set(metrics(app)) == {"Accuracy", "Macro F1", "A face here takes", "Baseline: crowd"}
    assert "neither renamed nor deleted" in texts(app)
    assert "Delete it" not in labels(app)


@pytest.mark.slow
@pytest.mark.usefixtures("speeds_are_unknown")
def test_a_model_is_timed_in_the_background(monkeypatch):
    app_jobs.clear()
    registry.add_model(CROWD, "mine")
    with monkeypatch.context() as patch:
        sleeper = [sys.executable, "-c", UNTIL_CANCELLED]
        patch.setattr("emotion.jobs.jobs._command", lambda arguments: sleeper)
        app, other = new_app("models").run(), new_app("models").run()
    assert "Measuring how fast" in texts(app)
    assert metrics(app)["A face here takes"] == "–"
    (status,) = app_jobs().active()
    # Another visitor waits for the same job, and may cancel it.
    other.button(key=f"cancel-{status.key}").click().run()
    assert app_jobs().wait(status.key, PATIENCE).state is JobState.CANCELLED
    app.run()
    assert "Measuring how fast" not in texts(app)
    assert not app.exception
    assert not app.error
    app_jobs().dismiss(status.key)
    assert metrics(open_page(model="mine"))["A face here takes"].endswith(" ms")


def test_use_rename_note_and_delete():
    registry.add_model(CROWD, "mine")
    app = open_page(model="mine")
    app.button(key="model_use").click().run()
    assert registry.active_model() == "mine"
    assert app.button(key="model_use").disabled
    # The box names models as they are called: what is in use would be true of one drawing alone.
    assert app.selectbox(key="models_model").options == ["crowd", "large", "mine", "small"]
    app.text_area(key="note-mine").set_value("the *best*").run()
    app.button(key="model_note").click().run()
    assert "the \\*best\\*" in texts(app)
    app.text_input(key="rename-mine").set_value("ours").run()
    app.button(key="model_rename").click().run()
    assert app.selectbox(key="models_model").value == "ours"
    assert registry.active_model() == "ours"
    app.button(key="model_delete").click().run()
    assert not app.exception
    assert app.selectbox(key="models_model").value == "crowd"
    assert [card.name for card in registry.list_models()] == list(registry.SHIPPED_MODELS)


def test_a_name_that_is_none():
    registry.add_model(CROWD, "mine")
    app = open_page(model="mine")
    app.text_input(key="rename-mine").set_value("../x").run()
    app.button(key="model_rename").click().run()
    assert "letters, digits" in app.error[0].value
    assert registry.model_folder("mine").is_dir()


@pytest.mark.slow
@pytest.mark.usefixtures("speeds_are_unknown")
def test_a_model_that_cannot_be_used():
    registry.add_model(CROWD, "broken")
    (registry.model_folder("broken") / "model.tflite").write_bytes(b"broken")
    app = open_page(model="broken")
    assert "This model cannot be used" in app.error[0].value
    assert app.button(key="model_use").disabled
    app.segmented_control(key="models_view").set_value("Explain").run()
    assert not app.exception
    assert "is damaged" in app.error[0].value


def test_without_any_model(monkeypatch, tmp_path):
    monkeypatch.setattr("emotion.paths.shipped_models_folder", lambda: tmp_path)
    app = open_page()
    assert "There is no model yet" in app.error[0].value


@pytest.mark.slow
def test_an_evaluation_in_the_background():
    store.open_dataset(store.SYNTHETIC)
    app = open_page("Evaluate")
    assert "12 faces" in texts(app)
    key = cache.key("evaluate", trial_faces(TRIAL))
    app.button(key=f"start-{key}").click().run()
    assert not app.exception
    assert app_jobs().wait(key, PATIENCE).state is JobState.DONE
    app.run()
    assert not app.exception
    report = tasks.evaluate(trial_faces(TRIAL))
    assert metrics(app)["Accuracy"] == f"{report.overall.share:.1%}"
    assert f"between {report.overall.low:.1%} and {report.overall.high:.1%}" in texts(app)
    assert metrics(app)["Mean recall"] == f"{report.balanced_accuracy:.1%}"
    assert len(app.get("plotly_chart")) == 3  # confusion, reliability, coverage
    assert report.mistakes_in_words() in texts(app)
    assert "crowd has learned what people voted for" in texts(app)


@pytest.mark.parametrize("view", ["Evaluate", "Compare", "Explain", "Robustness", "Export"])
def test_a_dataset_is_opened_once_a_drawing(view, opened):
    tasks.compare(trial_faces(TRIAL), "small")
    curves = tuple(RobustnessCurve(kind, (0.0, 1.0), (0.9, 0.5)) for kind in CORRUPTIONS)
    for name in ("crowd", "small"):
        path = cache.robustness_path(trial_faces(TRIAL).of(name), 700)
        cache.save_json(path, asdict(Robustness(name, 12, curves)))
    app = open_page(view)
    if view == "Evaluate":
        app.selectbox(key="cm_label").set_value("happy").run()
    elif view == "Compare":
        app.selectbox(key="models_other").set_value("small").run()
    elif view == "Robustness":
        app.toggle(key="robust_two").set_value(True).run()
    opened.clear()
    app.run()
    assert not app.exception
    assert len(opened) == 1
    if view != "Export":
        cache.results_folder().rename(paths.home() / "gone")  # then it is offered anew
        opened.clear()
        app.run()
        assert len(opened) == 1


def test_a_cell_of_the_confusions_shows_its_faces():
    report = tasks.evaluate(trial_faces(TRIAL))
    app = open_page("Evaluate")
    names = list(report.per_class)
    row, column = next((r, c) for r in range(7) for c in range(7) if report.confusion_matrix[r][c])
    app.selectbox(key="cm_label").set_value(names[row]).run()
    app.selectbox(key="cm_answer").set_value(names[column]).run()
    count = report.confusion_matrix[row][column]
    assert f"**{count} face{'s' * (count != 1)}**, the surest answers first" in texts(app)
    row, column = next((r, c) for r in range(7) for c in range(7) if not report.confusion_matrix[r][c])
    app.selectbox(key="cm_label").set_value(names[row]).run()
    app.selectbox(key="cm_answer").set_value(names[column]).run()
    assert "There is no such face" in app.info[0].value
    assert not app.exception


def test_votes_and_copies_and_exclusions():
    dataset = store.open_dataset(store.SYNTHETIC)
    columns = "image,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,not_a_face"
    rows = "\n".join(f"{name},9,0,1,0,0,0,0,0,0,0" for name in dataset.faces.names)
    store.attach_votes(store.SYNTHETIC, f"{columns}\n{rows}\n".encode())
    indices = trial_faces(TRIAL).indices
    store.exclude(store.SYNTHETIC, indices[:3], "test")
    tasks.evaluate(trial_faces(TRIAL))
    honouring = Trial("crowd", store.SYNTHETIC, "test", honour_exclusions=True)
    tasks.evaluate(trial_faces(honouring))
    app = open_page("Evaluate")
    app.segmented_control(key="models_against-synthetic-votes").set_value("labels").run()
    assert "Where people agree, and where they do not" in texts(app)
    assert "12 faces." in texts(app)
    app.toggle(key="models_honour-synthetic").set_value(True).run()
    assert not app.exception
    assert "9 faces. 3 excluded faces are left out." in texts(app)


def test_what_counts_as_right_can_be_chosen():
    by_labels = tasks.evaluate(trial_faces(TRIAL))
    assert by_labels.overall.share < 1
    faces = trial_faces(TRIAL)
    answers = load_probabilities(faces).argmax(axis=1)
    rows = [",".join(["image", *VOTE_COLUMNS])]
    for name, answer in zip(faces.dataset.faces.names[faces.indices], answers, strict=True):
        # People see what the model says.
        votes = [9 * (column == COLUMN_OF_EMOTION[answer]) for column in range(len(VOTE_COLUMNS))]
        rows.append(f"{name}," + ",".join(map(str, votes)))
    store.attach_votes(store.SYNTHETIC, "\n".join(rows).encode())
    by_labels = tasks.evaluate(trial_faces(TRIAL))  # anew, as there are votes now
    by_votes = tasks.evaluate(trial_faces(replace(TRIAL, against="votes")))
    assert by_votes.overall.share == 1
    app = open_page("Evaluate")
    assert metrics(app)["Accuracy"] == f"{by_votes.overall.share:.1%}"  # as crowd has learned it
    assert "what most people saw in it" in texts(app)
    assert "crowd has learned what people voted for" not in texts(app)
    app.segmented_control(key="models_against-synthetic-votes").set_value("labels").run()
    assert metrics(app)["Accuracy"] == f"{by_labels.overall.share:.1%}"
    assert "crowd has learned what people voted for" in texts(app)
    app.selectbox(key="models_model").set_value("large").run()
    assert app.segmented_control(key="models_against-synthetic-labels").value == "labels"
    assert not app.exception


def test_a_failed_job_says_why(monkeypatch):
    app = open_page("Evaluate")
    key = cache.key("evaluate", trial_faces(TRIAL))
    monkeypatch.setattr("sys.executable", "/no/such/program")
    app_jobs().start(key, "Evaluating", ["models"])
    app_jobs().wait(key, PATIENCE)
    app.run()
    assert "could not be started" in app.error[0].value.replace("\\", "")
    assert "Evaluate" in labels(app)


@pytest.fixture
def only_crowd(monkeypatch, tmp_path):
    """No other model comes with the product."""
    shutil.copytree(CROWD, tmp_path / "shipped" / "crowd")
    monkeypatch.setattr(paths, "shipped_models_folder", lambda: tmp_path / "shipped")


@pytest.mark.usefixtures("only_crowd")
def test_comparing_needs_two():
    assert "There is only one model" in open_page("Compare").info[0].value


@pytest.mark.usefixtures("only_crowd")
def test_compare():
    registry.add_model(CROWD, "other")
    app = open_page("Compare")
    assert "Compare" in labels(app)
    tasks.compare(trial_faces(TRIAL), "other")
    app.run()
    assert not app.exception
    assert "right and wrong on the very same faces" in texts(app)
    assert "There is no such face" in app.info[0].value  # only crowd is right: never
    both_right = app.segmented_control(key="compare_group-crowd-other").options[-1]
    assert both_right.replace("\\", "").startswith("Both are right")


def test_explain():
    app = open_page("Explain")
    assert len(app.get("image")) == 8  # the face, and seven maps
    assert "Yellow and orange places speak for the class" in texts(app)
    present = {EMOTIONS[label] for label in trial_faces(TRIAL).labels}
    for name in EMOTIONS:
        app.pills(key="explain_class").set_value(name).run()
        assert ("There is no such face" in texts(app)) == (name not in present)
        assert (f"**Labelled {name}**" in texts(app)) == (name in present)
    app.pills(key="explain_class").set_value(None).run()
    app.button(key="explain_shuffle").click().run()
    assert not app.exception


def test_no_answer_is_entirely_sure(monkeypatch):
    answers = np.full((1, 7), 0.0004 / 6, np.float32)
    answers[0, EMOTIONS.index("happy")] = 0.9996
    monkeypatch.setattr(Classifier, "predict", lambda self, faces: Predictions(answers, None))
    app = open_page("Explain")
    assert "happy **99%**" in texts(app)
    assert "100%" not in texts(app)


def test_a_model_without_maps_says_so():
    app = open_page("Explain", foreign())
    assert len(app.get("image")) == 1
    assert "**foreign** was made elsewhere and does not tell where it looked" in texts(app)


@pytest.mark.usefixtures("only_crowd")
def test_robustness():
    other = registry.add_model(CROWD, "other")
    app = open_page("Robustness")
    assert "12 faces in 41 versions" in texts(app)
    for name in ("crowd", other):
        tasks.measure_robustness(trial_faces(TRIAL).of(name), 700)
    app.run()
    assert len(app.get("plotly_chart")) == 8
    app.toggle(key="robust_two").set_value(True).run()
    assert not app.exception
    assert "dashed, orange" in texts(app)


def test_export(monkeypatch):
    monkeypatch.setattr(exports, "find_spec", lambda name: None)
    app = open_page("Export")
    assert [button.label.split(" (")[0] for button in app.download_button] == ["Download", "Download"]
    assert "pip install tf2onnx onnx" in texts(app).replace("\\", "")
    assert "Make it" in labels(app)
    assert "Measure it" in labels(app)
    figures = exports.FormFigures(12, 0.5, 0.49, 0.021, 6_500_000, 1_600_000)
    cache.save_json(cache.forms_path(trial_faces(TRIAL)), vars(figures))
    app.run()
    assert metrics(app)["Weights of 8 bits"] == "49.00%"
    assert metrics(app)["Size"] == "1.6 MB of 6.5 MB"


def bring(app, data: bytes, name: str = "brought.tflite") -> AppTest:
    app.file_uploader(key="model_upload").set_value((name, data, "application/octet-stream")).run()
    app.button(key="model_import_start").click().run()
    assert not app.exception
    return app


@pytest.mark.slow
def test_import():
    app = open_page("Import")
    assert app.button(key="model_import_start").disabled
    bring(app, (CROWD / "model.tflite").read_bytes())
    assert app_jobs().wait("import-model", PATIENCE).error is None
    app.run()
    assert "**brought** is here" in app.success[0].value
    app.button(key="model_import_show").click().run()
    assert not app.exception
    assert app.selectbox(key="models_model").value == "brought"
    assert app.segmented_control(key="models_view").value == "Overview"


@pytest.mark.parametrize(
    ("data", "message"), [(b"hello", "The file is no model"), (b"\x80\x04K.", "is a pickle")]
)
def test_what_is_no_model_gets_a_sentence(data, message):
    app = bring(open_page("Import"), data, "x.keras")
    assert message in app.error[0].value
    assert not app_jobs().active()


def test_how_an_imported_model_is_read_can_be_changed():
    name = foreign()
    app = open_page("Overview", name)
    assert "It is given 0 \\(black\\) to 255 \\(white\\)" in texts(app)
    app.segmented_control(key=f"reading-{name}_range").set_value("-1 to 1").run()
    app.segmented_control(key=f"reading-{name}_order").set_value("Alphabetical").run()
    app.button(key="model_reading").click().run()
    assert not app.exception
    reading = read_card(registry.model_folder(name)).reading
    assert (reading.ranges, reading.classes) == (((-1.0, 1.0),), ALPHABETICAL)
    app.segmented_control(key=f"reading-{name}_range").set_value("Mean and deviation").run()
    app.text_input(key=f"reading-{name}_range_text").set_value("white").run()
    app.button(key="model_reading").click().run()
    assert "The range 'white' is none" in app.error[0].value.replace("\\", "")
    assert read_card(registry.model_folder(name)).reading == reading


def test_an_imported_model_is_tried_on_faces(tmp_path):
    name = foreign()
    adjust(name, "ferplus")
    write_folder(tmp_path / "faces", faces_by_name(84))
    assert main(["datasets", "import", str(tmp_path / "faces"), "--name", "mine"]) == 0
    app = open_page("Overview", name)
    assert app.selectbox(key=f"reading-try-{name}").value == "mine"
    app.button(key=f"start-try-{registry.model_version(name)}-mine").click().run()
    assert app_jobs().wait(f"try-{registry.model_version(name)}-mine", PATIENCE).error is None
    app.run()
    assert "would be right with 0 " in texts(app)
    app.button(key="model_reading_proposed").click().run()
    assert not app.exception
    reading = read_card(registry.model_folder(name)).reading
    assert (reading.ranges, reading.classes) == (((0.0, 255.0),), EMOTIONS)


def test_a_model_of_ones_own_has_no_reading_to_change():
    assert "How it is asked and read" not in [item.label for item in open_page().expander]


def test_an_order_of_ones_own():
    app = open_page("Import")
    app.segmented_control(key="model_order").set_value("Another").run()
    app.text_area(key="model_labels").set_value("happy, sad").run()
    bring(app, (CROWD / "model.tflite").read_bytes())
    assert "must name each of these once" in app.error[0].value
