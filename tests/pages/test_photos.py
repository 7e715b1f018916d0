"""The page of photos, as Streamlit runs it, without a browser."""

import json

import numpy as np
import pytest

from emotion import paths
from emotion.labels import EMOTIONS
from emotion.models.registry import activate, active_model, add_model
from emotion.synthetic.faces import make_group_picture
from tests.helpers import png_bytes
from tests.pages.helpers import metrics, new_app, texts


@pytest.fixture
def app():
    app = new_app().run()
    assert not app.exception
    return app


def upload(app, *files: tuple[str, bytes]):
    app.file_uploader[0].set_value([(name, data, "image/png") for name, data in files]).run()
    assert not app.exception
    return app


def press(app, label: str):
    next(button for button in app.button if button.label == label).click().run()
    assert not app.exception


def test_empty(app):
    assert app.title[0].value == "Photos"
    assert "Nothing here yet" in app.info[0].value
    assert not app.tabs
    assert "expressions, not feelings" in texts(app)


def test_one_photograph(app, astronaut_path):
    upload(app, ("astronaut.png", astronaut_path.read_bytes()))
    assert "**astronaut\\.png** · 1 face" in texts(app)
    assert "**1 · Happy**" in texts(app)
    assert len(app.get("plotly_chart")) == 2  # the face's bars, the distribution
    assert metrics(app) == {"Pictures": "1", "Faces": "1", "Uncertain": "0", "Unreadable": "0"}
    assert app.dataframe[0].value["emotion"].tolist() == ["happy"]


def test_a_bad_file_stands_beside_its_name_and_the_others_go_on(app, astronaut_path):
    photograph = astronaut_path.read_bytes()
    upload(app, ("bad.jpg", b"hello"), ("good.png", photograph), ("half.png", photograph[:3000]))
    errors = [error.value for error in app.error]
    assert len(errors) == 2
    assert errors[0].startswith("**bad\\.jpg**: ")
    assert errors[1].startswith("**half\\.png**: ")
    assert "**1 · Happy**" in texts(app)
    assert metrics(app)["Unreadable"] == "2"


def test_a_picture_that_is_cut_off_is_shown_and_said_to_be(app, astronaut_path):
    photograph = astronaut_path.read_bytes()
    upload(app, ("cut.png", photograph[: len(photograph) * 9 // 10]))
    assert "1 face" in texts(app)
    assert "The file is cut off" in app.warning[0].value


def test_the_formats_that_are_read_are_told(app):
    uploader = app.file_uploader[0]
    for name in ("JPEG", "HEIC", "jfif", "mpo", "hif"):
        assert name in uploader.help


def test_no_face(app):
    upload(app, ("wall.png", png_bytes(np.full((200, 300, 3), 180, np.uint8))))
    assert "No face found" in app.info[0].value
    assert metrics(app)["Faces"] == "0"
    assert not app.dataframe


def test_many_faces_are_a_table_first(app):
    upload(app, ("group.png", png_bytes(make_group_picture(EMOTIONS * 3, seed=1))))
    table = app.dataframe[0].value
    assert len(table) >= 20
    assert table["face"].tolist() == list(range(1, len(table) + 1))
    cards = [item.value for item in app.markdown if item.value.startswith("**1 · ")]
    assert len(cards) == 1
    assert len(app.get("plotly_chart")) == 2


def test_many_pictures_come_in_pages(app, astronaut_path):
    photograph = astronaut_path.read_bytes()
    upload(app, *((f"{number:02d}.png", photograph) for number in range(10)))
    assert sum(item.value.endswith("· 1 face") for item in app.markdown) == 8
    assert metrics(app)["Pictures"] == "10"
    app.pagination(key="picture_page").set_value(2).run()
    assert sum(item.value.endswith("· 1 face") for item in app.markdown) == 2


def test_a_picture_that_is_taken_away_is_forgotten(app, astronaut_path):
    upload(app, ("a.png", astronaut_path.read_bytes()))
    assert len(app.session_state["photo_results"]) == 1
    press(app, "Remove")
    assert not app.session_state["photo_results"]
    assert "Nothing here yet" in app.info[0].value


def test_names_are_shown_as_they_are(app):
    upload(app, ("![x](http://evil.example/a.png) :red[$x$] **b**.png", b"junk"))
    shown = app.error[0].value
    assert "\\!\\[x\\]\\(" in shown
    assert "\\:red\\[\\$x\\$\\] \\*\\*b\\*\\*" in shown


@pytest.mark.parametrize(("name", "faces"), [("astronaut.png", 1), ("drawn-faces.png", 7)])
def test_examples(app, name, faces):
    app.button(key=f"example-{name}").click().run()
    assert not app.exception
    assert metrics(app)["Faces"] == str(faces)
    press(app, "Remove all")
    assert "Nothing here yet" in app.info[0].value


def test_snapshot(app, astronaut_path):
    app.toggle(key="camera_on").set_value(True).run()
    app.camera_input[0].set_value(("snapshot.jpg", astronaut_path.read_bytes(), "image/jpeg")).run()
    assert not app.exception
    assert "**snapshot\\.jpg** · 1 face" in texts(app)


@pytest.mark.parametrize(("name", "disabled"), [("good", False), ("bad", True)])
def test_downloads_are_offered_where_there_is_something(app, astronaut_path, name, disabled):
    upload(app, (f"{name}.png", astronaut_path.read_bytes() if name == "good" else b"junk"))
    offered = {button.label: button.proto.disabled for button in app.download_button}
    assert offered == {
        "Table (CSV)": disabled,
        "Everything (JSON)": False,
        "Annotated pictures (ZIP)": disabled,
    }


def test_another_model_looks_at_the_pictures_anew(app, astronaut_path):
    upload(app, ("a.png", astronaut_path.read_bytes()))
    assert "**1 · Happy**" in texts(app)
    # The same network with its outputs named in another order says something else.
    folder = paths.models_folder() / add_model(paths.shipped_models_folder() / "crowd", "other")
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    labels = [*EMOTIONS[1:], EMOTIONS[0]]
    (folder / "card.json").write_text(json.dumps(card | {"labels": labels}), encoding="utf-8")
    activate("other")
    app.run()
    assert not app.exception
    assert "**1 · Sad**" in texts(app)
    assert "Model **other**" in "\n".join(item.value for item in app.caption)


def test_where_the_model_looked(app, astronaut_path):
    upload(app, ("astronaut.png", astronaut_path.read_bytes()))
    pictures = len(app.get("image"))
    app.toggle(key="show_maps").set_value(True).run()
    assert not app.exception
    assert len(app.get("image")) == pictures + 1
    choice = next(box for box in app.selectbox if box.label == "What speaks for")
    assert (choice.value, len(choice.options)) == ("happy", 7)
    choice.set_value("sad").run()
    assert not app.exception


def test_a_model_that_does_not_tell_where_it_looked(app, astronaut_path):
    folder = paths.models_folder() / add_model(paths.shipped_models_folder() / "crowd", "foreign")
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    output = {"activation_maps": False, "scores": "probabilities"}
    (folder / "card.json").write_text(json.dumps(card | {"output": output}), encoding="utf-8")
    activate("foreign")
    upload(app, ("astronaut.png", astronaut_path.read_bytes()))
    assert "**1 · Happy**" in texts(app)
    assert app.toggle(key="show_maps").disabled
    assert "does not tell where it looked" in texts(app)


def test_two_visitors_do_not_see_each_others_pictures(app, astronaut_path):
    upload(app, ("mine.png", astronaut_path.read_bytes()))
    other = new_app().run()
    assert "mine" not in texts(other)
    assert "Nothing here yet" in other.info[0].value


def test_no_model(monkeypatch, tmp_path):
    monkeypatch.setattr("emotion.paths.shipped_models_folder", lambda: tmp_path)
    app = new_app().run()
    assert not app.exception
    assert "There is no model yet" in app.error[0].value
    assert "python train_model.py" in texts(app)


def test_pictures_stay_while_another_page_is_looked_at(app, astronaut_path):
    photograph = astronaut_path.read_bytes()
    upload(app, *((f"{number:02d}.png", photograph) for number in range(9)))
    app.toggle(key="show_maps").set_value(True)
    app.pagination(key="picture_page").set_value(2).run()
    app.switch_page("models/page.py").run()
    app.switch_page("photos/page.py").run()
    assert not app.exception
    assert metrics(app)["Pictures"] == "9"
    assert app.pagination(key="picture_page").value == 2
    assert app.toggle(key="show_maps").value
    press(app, "Remove all")
    assert "Nothing here yet" in app.info[0].value


def test_one_picture_of_several_is_taken_away(app, astronaut_path):
    upload(app, ("bad.jpg", b"hello"), ("good.png", astronaut_path.read_bytes()))
    press(app, "Remove")
    assert not app.error
    assert metrics(app) == {"Pictures": "1", "Faces": "1", "Uncertain": "0", "Unreadable": "0"}


def test_what_is_more_than_memory_may_hold_is_said(app, astronaut_path, monkeypatch):
    photograph = astronaut_path.read_bytes()
    monkeypatch.setattr("pages.photos.album.MAX_ALBUM_BYTES", 2 * len(photograph))
    upload(app, *((f"{number}.png", photograph) for number in range(3)))
    assert metrics(app)["Pictures"] == "2"
    assert "Only 2 pictures were taken" in app.warning[0].value


def test_what_is_said_of_the_model_comes_from_its_card(app):
    folder = paths.models_folder() / add_model(paths.shipped_models_folder() / "crowd", "other")
    card = json.loads((folder / "card.json").read_text(encoding="utf-8"))
    assert "took neutral faces for" in texts(app)
    matrix = np.diag([9] * 7)
    matrix[0, 5] = 4
    card["metrics"]["test"]["confusion_matrix"] = matrix.tolist()
    card["dataset"]["name"] = "synthetic"
    (folder / "card.json").write_text(json.dumps(card), encoding="utf-8")
    activate("other")
    app.run()
    assert "took angry faces for surprise most often" in texts(app)
    assert "drawn faces alone" in texts(app)
    assert "of its drawn test faces" in "\n".join(item.value for item in app.caption)


def test_a_visitor_chooses_a_model_without_changing_it_for_others(app, astronaut_path):
    upload(app, ("a.png", astronaut_path.read_bytes()))
    assert app.selectbox(key="model_choice").value == "crowd"
    app.selectbox(key="model_choice").set_value("small").run()
    assert not app.exception
    assert "Model **small**" in texts(app)
    # It is kept on another page, and for this visitor alone.
    app.switch_page("models/page.py").run()
    app.switch_page("photos/page.py").run()
    assert app.selectbox(key="model_choice").value == "small"
    assert active_model() == "crowd"
    assert new_app().run().selectbox(key="model_choice").value == "crowd"
    # Who goes back to what all begin with follows when that changes.
    app.selectbox(key="model_choice").set_value("crowd").run()
    activate("large")
    assert app.run().selectbox(key="model_choice").value == "large"
