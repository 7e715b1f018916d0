"""The page of datasets, as Streamlit runs it, without a browser."""

import sys

import numpy as np
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from emotion.dataset import store
from emotion.dataset.face_dataset import DatasetError
from emotion.dataset.importing import import_dataset
from emotion.errors import FileError
from emotion.labels import EMOTIONS
from emotion.training.config import AugmentationConfig
from emotion.training.preview import AugmentationPreview
from pages.dataset import importing
from pages.dataset.importing import _JOB
from pages.shared.dataset_choice import balance_in_words
from pages.shared.jobs import app_jobs
from tests.helpers import (
    PATIENCE,
    UNTIL_CANCELLED,
    faces_by_name,
    png_bytes,
    wait_until,
    write_folder,
    zip_bytes,
)
from tests.pages.helpers import metrics, new_app, texts

# A job that says how far it is, not of how much, and goes on until it is cancelled.
SLEEPER = [
    sys.executable,
    "-c",
    f"""print('{{"done": 50, "total": 0}}', flush=True); {UNTIL_CANCELLED}""",
]

REAL_ASK = AugmentationPreview.ask


@pytest.fixture(autouse=True)
def _no_job_of_another_test():
    yield
    for status in app_jobs().active():
        app_jobs().cancel(status.key)
        app_jobs().wait(status.key, PATIENCE)
    app_jobs().dismiss(_JOB)


def open_page(view: str = "Overview", dataset: str = store.SYNTHETIC) -> AppTest:
    app = new_app("dataset").run()
    if dataset != store.SYNTHETIC:
        app.selectbox(key="dataset").set_value(dataset).run()
    if view != "Overview":
        app.segmented_control(key="view").set_value(view).run()
    assert not app.exception
    return app


def charts(app) -> int:
    return len(app.get("plotly_chart"))


def import_faces(tmp_path, name: str, files: dict[str, bytes]) -> None:
    import_dataset(write_folder(tmp_path / name, files), name)


def test_a_newcomer_sees_the_built_in_faces():
    app = open_page()
    assert app.title[0].value == "Dataset"
    assert app.selectbox(key="dataset").value == "synthetic"
    assert metrics(app)["Faces"] == "70"
    assert metrics(app)["Classes"] == "7 of 7"
    assert charts(app) == 6  # two splits, weights, sizes, brightness, contrast
    assert len(app.get("image")) == 14
    assert "Class weights" in texts(app)


@pytest.mark.parametrize("view", ["Overview", "Gallery", "Quality", "Augmentation", "Import"])
def test_a_dataset_is_opened_once_a_drawing(view, opened):
    app = open_page(view)
    opened.clear()
    app.run()
    assert len(opened) == 1


def test_one_split():
    app = open_page()
    app.segmented_control(key="split-synthetic").set_value("test").run()
    assert metrics(app)["Faces"] == "12"
    assert charts(app) == 4


@pytest.mark.parametrize("view", ["Overview", "Gallery", "Quality", "Import"])
@pytest.mark.parametrize(
    "files",
    [
        faces_by_name(7),  # seven faces, no test split
        {f"train/happy/{number}.png": data for number, data in enumerate(faces_by_name(9).values())},
        {name: data for name, data in faces_by_name(30).items() if "fear" not in name},
        {"test/sad/only.png": png_bytes(np.full((48, 48), 90, np.uint8))},
    ],
    ids=["seven faces", "one class", "a class missing", "one blank test face"],
)
def test_small_and_odd_datasets(tmp_path, files, view):
    import_faces(tmp_path, "odd", files)
    app = open_page(view, "odd")
    assert metrics(app)["Faces"] == str(len(files))
    assert not app.error


def test_what_is_missing_is_said(tmp_path):
    files = {name: data for name, data in faces_by_name(30).items() if "fear" not in name}
    import_faces(tmp_path, "fearless", files)
    app = open_page(dataset="fearless")
    assert metrics(app)["Classes"] == "6 of 7"
    assert "No face shows: fear" in texts(app)
    assert "With class weights, training takes a mistake on a" in texts(app)


def test_gallery_filters():
    app = open_page("Gallery")
    assert "**70 faces**" in texts(app)
    app.pills(key="classes-synthetic").set_value(["happy"]).run()
    happy = store.open_dataset("synthetic").faces.class_counts()["happy"]
    assert f"**{happy} faces**" in texts(app)
    app.text_input(key="text-synthetic").set_value("no such name").run()
    assert "No face passes these filters" in app.info[0].value
    app.pills(key="classes-synthetic").set_value([]).run()
    app.text_input(key="text-synthetic").set_value("_00007").run()
    assert "**1 face** ·" in texts(app)


def test_gallery_pages(tmp_path):
    import_faces(tmp_path, "many", faces_by_name(100))
    app = open_page("Gallery", "many")
    assert not app.exception
    (pages,) = app.pagination
    pages.set_value(2).run()
    assert not app.exception


def copies() -> dict[str, bytes]:
    """Fourteen faces, one of them three times: in the training part, once with another label, in the test."""
    files = faces_by_name(14)
    face = next(data for name, data in files.items() if "angry" in name)
    return files | {"train/sad/copy.png": face, "test/angry/copy.png": face}


def test_copies_are_found_and_excluded(tmp_path):
    import_faces(tmp_path, "copies", copies())
    app = open_page("Quality", "copies")
    labels = app.pills(key="finding-copies").options
    assert any("Exact copies · 3" in str(label) for label in labels), labels
    assert "**3** faces in **1** groups" in texts(app)
    app.button(key="exclude-exact_copies").click().run()
    assert not app.exception
    assert metrics(app)["Excluded"] == "2"
    assert app.button(key="exclude-exact_copies").proto.disabled
    assert store.open_dataset("copies").excluded.sum() == 2
    app.button(key="exclusions_clear").click().run()
    assert metrics(app)["Excluded"] == "0"


def test_a_disk_that_refuses_is_told(tmp_path, monkeypatch):
    def refuse(*_):
        raise FileError("The disk is full.")

    import_faces(tmp_path, "copies", copies())
    store.exclude("copies", np.array([0]), "by hand")
    app = open_page("Quality", "copies")
    monkeypatch.setattr(store, "exclude", refuse)
    monkeypatch.setattr(store, "clear_exclusions", refuse)
    for key in ("exclude-exact_copies", "exclusions_clear"):
        app.button(key=key).click().run()
        assert not app.exception
        assert "The disk is full" in texts(app)


def test_findings_of_one_split(tmp_path):
    import_faces(tmp_path, "copies", copies())
    app = open_page("Quality", "copies")
    app.segmented_control(key="split-copies").set_value("test").run()
    app.pills(key="finding-copies").set_value("Across splits").run()
    assert not app.exception
    assert "**3** faces in **1** groups" in texts(app)
    assert app.button(key="exclude-cross_split_copies").proto.disabled  # the one in the test stays


def search_now(app):
    (button,) = [button for button in app.button if button.label == "Search now"]
    return button


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["Near copies", "Doubted by the model"])
def test_slow_searches_wait_until_asked(tmp_path, monkeypatch, kind):
    some = np.random.default_rng(0).integers(0, 256, (14, 12, 12), dtype=np.uint8)
    files = {f"train/happy/{number}.png": png_bytes(face) for number, face in enumerate(some)}
    import_faces(tmp_path, "some", files)
    app = open_page("Quality", "some")
    app.pills(key="finding-some").set_value(kind).run()
    with monkeypatch.context() as patch:
        patch.setattr("emotion.jobs.jobs._command", lambda arguments: SLEEPER)
        search_now(app).click().run()
        other = open_page("Quality", "some")  # another visitor sees how far it is, and may cancel it
        other.pills(key="finding-some").set_value(kind).run()
        assert f"Searching some: {kind.lower()}" in texts(other).replace("\\", "")
        (status,) = app_jobs().active()
        other.button(key=f"cancel-{status.key}").click().run()
        app_jobs().wait(status.key, PATIENCE)
    search_now(app.run()).click().run()
    assert app_jobs().wait(status.key, PATIENCE).error is None
    for page in (app, other):
        page.run()
        assert not page.exception
        assert "Search now" not in [button.label for button in page.button]


def test_no_model_to_doubt_with(monkeypatch, tmp_path):
    monkeypatch.setattr("emotion.paths.shipped_models_folder", lambda: tmp_path)
    app = open_page("Quality")
    app.pills(key="finding-synthetic").set_value("Doubted by the model").run()
    assert "This needs a model" in app.info[0].value


def votes_csv(names) -> bytes:
    header = "image,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,not_a_face"
    rows = [f"{name},1,0,0,2,6,0,1,0,0,0" for name in names]
    return "\n".join([header, *rows]).encode()


def test_votes():
    app = open_page("Import")
    names = store.open_dataset("synthetic").faces.names
    app.file_uploader(key="votes-synthetic").set_value(("votes.csv", votes_csv(names), "text/csv")).run()
    app.button(key="votes_attach").click().run()
    assert not app.exception
    app.segmented_control(key="view").set_value("Quality").run()
    app.pills(key="finding-synthetic").set_value("Agreement of people").run()
    assert charts(app) == 1
    assert "they call *anger* most often" in texts(app)


def test_votes_that_fit_nothing():
    app = open_page("Import")
    app.file_uploader(key="votes-synthetic").set_value(("votes.csv", b"a,b\n1,2\n", "text/csv")).run()
    app.button(key="votes_attach").click().run()
    assert "columns" in app.error[0].value


@pytest.fixture(autouse=True)
def asked(monkeypatch) -> list:
    """Let the preview answer without Keras, and note what it is asked."""
    questions = []

    def ask(self, images, variants, config, seed):
        questions.append((len(images), config, seed))
        return np.repeat(images[:, None], variants, axis=1)

    monkeypatch.setattr(AugmentationPreview, "ask", ask)
    return questions


def test_augmentation(asked):
    app = open_page("Augmentation")
    app.slider(key="augment_rotation").set_value(40).run()
    app.button(key="augment_roll").click().run()
    app.slider(key="augment_noise").set_value(60).run()
    assert not app.exception
    assert [count for count, _, _ in asked] == [7, 7, 7, 7]
    assert asked[0][1] == AugmentationConfig()
    assert asked[1][1] == AugmentationConfig(rotation=40.0)
    assert asked[2][2] != asked[1][2]
    assert asked[3][1] == AugmentationConfig(rotation=40.0, noise=0.6)
    assert len(app.get("image")) == 1


def test_augmentation_without_keras(monkeypatch):
    monkeypatch.setattr(AugmentationPreview, "ask", REAL_ASK)
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    app = open_page("Augmentation")
    assert "install the requirements" in app.error[0].value


def finish_import(app) -> AppTest:
    app_jobs().wait(_JOB, PATIENCE)
    app.run()
    assert not app.exception
    return app


def test_import_of_an_upload():
    app = open_page("Import")
    data = zip_bytes(faces_by_name(21) | {"train/happy/broken.png": b"no picture"})
    app.file_uploader(key="import_upload").set_value(("My faces.zip", data, "application/zip")).run()
    app.button(key="import_start").click().run()
    finish_import(app)
    assert "**My\\-faces** is here: 21 faces. 1 item was left out." in app.success[0].value
    assert [button.label for button in app.download_button] == ["What was left out (CSV)"]
    app.button(key="import_show").click().run()
    assert app.selectbox(key="dataset").value == "My-faces"
    assert app.segmented_control(key="view").value == "Overview"
    assert metrics(app)["Faces"] == "21"


@pytest.mark.slow
def test_import_of_a_path_under_a_name(tmp_path):
    folder = write_folder(tmp_path / "faces", faces_by_name(14))
    app = open_page("Import")
    app.segmented_control(key="import_way").set_value("A path on this computer").run()
    app.text_input(key="import_path").set_value(str(folder)).run()
    app.text_input(key="import_name").set_value("chosen").run()
    app.button(key="import_start").click().run()
    assert "**chosen** is here" in finish_import(app).success[0].value


def test_served_to_others_no_path_is_asked_for(monkeypatch):
    real = st.get_option
    everywhere = "0.0.0.0"  # noqa: S104 - nothing is bound to it
    monkeypatch.setattr(st, "get_option", lambda key: everywhere if key == "server.address" else real(key))
    app = open_page("Import")
    assert "A path on this computer" not in app.segmented_control(key="import_way").options


def test_nothing_is_imported_before_the_upload_has_arrived():
    app = open_page("Import")
    assert app.button(key="import_start").disabled
    app.file_uploader(key="import_upload").set_value(("a.zip", b"PK", "application/zip")).run()
    assert not app.button(key="import_start").disabled


def test_a_path_that_is_not_typed():
    app = open_page("Import")
    app.segmented_control(key="import_way").set_value("A path on this computer").run()
    app.button(key="import_start").click().run()
    assert "Type the path" in app.error[0].value


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "data"), [("broken.zip", b"PK\x03\x04 and no more"), ("table.csv", b"a,b\n1,2\n")]
)
def test_an_import_that_fails_says_why(name, data):
    app = open_page("Import")
    app.file_uploader(key="import_upload").set_value((name, data, "application/zip")).run()
    app.button(key="import_start").click().run()
    finish_import(app)
    assert app.error[0].value.replace("\\", "").startswith(f"Importing {name}: ")
    app.button(key="import_dismiss").click().run()
    assert not app.error


@pytest.mark.slow
def test_download_without_the_library(monkeypatch, tmp_path):
    (tmp_path / "kagglehub.py").write_text("raise ImportError")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    app = open_page("Import")
    app.segmented_control(key="import_way").set_value("Download FER-2013").run()
    app.button(key="import_start").click().run()
    assert "one more library" in finish_import(app).error[0].value


def test_progress_and_cancel(monkeypatch):
    monkeypatch.setattr("emotion.jobs.jobs._command", lambda arguments: SLEEPER)
    app = open_page("Import")
    app.file_uploader(key="import_upload").set_value(("slow.zip", b"PK", "application/zip")).run()
    app.button(key="import_start").click().run()
    wait_until(lambda: app_jobs().status(_JOB).done)
    other = open_page("Import")  # another visitor sees it, too, and may cancel it
    for page in (app, other):
        page.run()
        assert "Importing slow\\.zip" in texts(page)
        assert "50 so far" in str(page.get("progress")[0].proto)
        assert page.button(key="import_start").disabled
    with pytest.raises(DatasetError, match="being imported right now"):
        importing._start_job("other.zip", ["import", "other.zip"])
    other.button(key=f"cancel-{_JOB}").click().run()
    assert "was cancelled; nothing of it was kept" in finish_import(app).info[0].value
    assert [button.key for button in app.button].count("import_start") == 1


def test_what_an_earlier_import_left_out_can_be_downloaded(tmp_path):
    import_faces(tmp_path, "some", faces_by_name(7) | {"train/sad/broken.png": b"no picture"})
    app = open_page("Import", "some")
    assert [button.label for button in app.download_button] == ["What was left out (CSV)"]


def test_delete(tmp_path):
    import_faces(tmp_path, "doomed", faces_by_name(7))
    app = open_page("Import", "doomed")
    app.button(key="dataset_delete").click().run()
    assert not app.exception
    assert app.selectbox(key="dataset").value == "synthetic"
    assert "doomed" not in app.selectbox(key="dataset").options
    assert "dataset_delete" not in [button.key for button in app.button]


@pytest.mark.parametrize(
    ("counts", "word", "part"),
    [
        ({"happy": 7215, "disgust": 436, "sad": 4830}, "Very uneven", "16.5 times as many happy"),
        ({"happy": 50, "sad": 10}, "Uneven", "5.0 times"),
        ({"happy": 20, "sad": 10}, "Slightly uneven", "2.0 times"),
        ({"happy": 12, "sad": 10}, "Even", "1.2 times"),
        ({"happy": 10, "sad": 10}, "Even", "about as many"),
        ({"happy": 10, "sad": 0}, "One class", "nothing to compare"),
    ],
)
def test_balance_in_words(counts, word, part):
    assert balance_in_words(counts)[0] == word
    assert part in balance_in_words(counts)[1]


def test_an_enlarged_face():
    def script():
        import streamlit as st

        from emotion.dataset import store
        from pages.shared.face_window import _show_window

        st.session_state.setdefault("face_position", 1)
        _show_window(store.SYNTHETIC, [1, 3, 5])

    app = AppTest.from_function(script, default_timeout=PATIENCE).run()
    assert not app.exception
    faces = store.open_dataset("synthetic").faces
    assert f"### {EMOTIONS[faces.labels[3]].capitalize()}" in texts(app)
    assert "2 of 3" in texts(app)
    next(button for button in app.button if button.label == "Next").click().run()
    assert f"### {EMOTIONS[faces.labels[5]].capitalize()}" in texts(app)
    assert next(button for button in app.button if button.label == "Next").proto.disabled
    app.button(key="face_exclude").click().run()
    assert store.open_dataset("synthetic").excluded.nonzero()[0].tolist() == [5]


def upload(app, files: dict[str, bytes], name: str = "faces.zip") -> AppTest:
    app.file_uploader(key="import_upload").set_value((name, zip_bytes(files), "application/zip")).run()
    app.button(key="import_start").click().run()
    return finish_import(app)


def test_what_is_misspelt_is_asked_for_before_the_import():
    app = upload(open_page("Import"), {
        name.replace("surprise", "suprise"): data for name, data in faces_by_name(14).items()
    })  # fmt: skip
    assert [description.name for description in store.list_datasets()] == ["synthetic"]
    box = app.selectbox(key="answer-class-suprise")
    assert "suprise (2) is none of the seven emotions" in box.label
    assert box.value == "surprise"  # the guess, to be confirmed
    app.button(key="import_confirm").click().run()
    finish_import(app)
    assert "**faces** is here: 14 faces." in app.success[0].value
    assert store.open_dataset("faces").description.class_sizes()["surprise"] == 2


def test_what_nobody_can_guess_waits_for_an_answer():
    app = upload(open_page("Import"), {
        name.replace("surprise", "zzz"): data for name, data in faces_by_name(14).items()
    })  # fmt: skip
    assert app.button(key="import_confirm").disabled
    app.selectbox(key="answer-class-zzz").set_value("leave it out").run()
    app.button(key="import_confirm").click().run()
    finish_import(app)
    assert "12 faces. 2 items were left out. No faces of: surprise." in app.success[0].value
    app.button(key="import_show").click().run()
    assert "No face shows: surprise" in texts(app)


@pytest.mark.parametrize("by_order", [False, True])
def test_numbers_are_asked_for_beside_an_example_of_each(by_order):
    raf_db = ("surprise", "fear", "disgust", "happy", "sad", "angry", "neutral")
    files = {}
    for name, data in faces_by_name(14).items():
        split, emotion, file = name.split("/")
        files[f"{split}/{raf_db.index(emotion) + 1}/{file}"] = data
    app = upload(open_page("Import"), files)
    assert len(app.get("image")) == 7
    assert app.button(key="import_confirm").disabled
    if by_order:
        app.selectbox(key="answer-order").set_value("raf-db").run()
    else:
        for place, emotion in enumerate(raf_db, 1):
            app.selectbox(key=f"answer-code-{place}-choose each").set_value(emotion).run()
    app.button(key="import_confirm").click().run()
    finish_import(app)
    faces = store.open_dataset("faces").faces
    for name, label in zip(faces.names.tolist(), faces.labels.tolist(), strict=True):
        assert raf_db[int(name.split("/")[1]) - 1] == EMOTIONS[label]


def test_what_is_assumed_is_shown_before_the_import():
    files = faces_by_name(14, "FER2013Train") | faces_by_name(7, "FER2013Test", 5)
    app = upload(open_page("Import"), files)
    assert "FER2013Train is train" in texts(app)
    assert not app.success
    app.button(key="import_confirm").click().run()
    finish_import(app)
    assert store.open_dataset("faces").description.split_sizes() == {"train": 14, "test": 7}


def test_a_plan_of_another_source_or_visitor_is_not_answered():
    upload(open_page("Import"), faces_by_name(14, "FER2013Train") | faces_by_name(7, "FER2013Test", 5))
    other = open_page("Import")
    assert "waits for answers" in other.info[0].value
    assert "import_confirm" not in [button.key for button in other.button]
    other.button(key="import_dismiss").click().run()
    assert not other.info


def test_names_can_be_told_at_once():
    app = open_page("Import")
    app.text_input(key="import_map").set_value("suprise = surprise, extra=none").run()
    files = {name.replace("surprise", "suprise"): data for name, data in faces_by_name(14).items()}
    app = upload(app, files)
    assert "suprise is surprise" in texts(app)
    app.button(key="import_confirm").click().run()
    assert "14 faces" in finish_import(app).success[0].value
