"""Pictures whose folders say nothing: lists, arrays, boxes and their own names do."""

import io

import numpy as np
import pytest

from emotion.dataset.face_dataset import DatasetError
from emotion.dataset.reading.answers import Answers
from emotion.dataset.reading.sources import open_source, read_dataset
from emotion.labels import EMOTIONS
from emotion.synthetic.faces import generate
from tests.helpers import png_bytes, write_folder

IMAGES, _ = generate(14, seed=2)
PICTURES = [png_bytes(image) for image in IMAGES]
COUNT = len(EMOTIONS)
BY_NAME = dict(zip([f"p{place}" for place in range(COUNT)], EMOTIONS, strict=True))


def read(source, **answers):
    """Return the stem of each picture's name -> its emotion, and what was said."""
    with open_source(source, Answers.parse(**answers)) as opened:
        items = list(opened.items)
        stems = {item.name.rpartition("/")[2].partition(".")[0]: EMOTIONS[item.label] for item in items}
        return stems, opened.plan, items


def pictures(form: str = "images/{}.png", names=tuple(BY_NAME)) -> dict[str, bytes]:
    return {form.format(name): PICTURES[place] for place, name in enumerate(names)}


def rows(header: str, form: str) -> bytes:
    return "\n".join([header, *(form.format(name=name, emotion=e) for name, e in BY_NAME.items())]).encode()


LISTS = {
    "a legend": {"legend.csv": rows("user.id,image,emotion", "628,{name}.png,{emotion}")},
    "paths": {"labels.csv": rows("pth,label", "images/{name}.png,{emotion}")},
    "Windows's paths": {"labels.csv": rows("path;label", "images\\{name}.png;{emotion}")},
    "without endings": {"labels.tsv": rows("id\tExpression", "{name}\t{emotion}")},
    "without a header": {"list.txt": rows("p0.png angry", "{name}.png {emotion}")},
    "a column a class": {
        "_classes.csv": b"filename," + ",".join(EMOTIONS).encode() + b"\n" + "\n".join(
            f"p{place}.png," + ",".join(str(int(place == other)) for other in range(COUNT))
            for place in range(COUNT)
        ).encode()
    },
}  # fmt: skip


@pytest.mark.parametrize("case", LISTS)
def test_a_list_says_what_the_pictures_show(tmp_path, case):
    stems, plan, _ = read(write_folder(tmp_path, pictures() | LISTS[case]))
    assert stems == BY_NAME
    assert f"{next(iter(LISTS[case]))} says what 7 of 7 pictures show." in plan.sentences()


def test_a_list_of_other_pictures_says_nothing(tmp_path):
    other = ("\n".join(["image,emotion", "p0.png,sad", *(f"q{n}.png,happy" for n in range(9))])).encode()
    with pytest.raises(DatasetError, match="holds no labelled faces"):
        read_dataset(write_folder(tmp_path, pictures() | {"list.csv": other}))


def test_a_list_does_not_overrule_folders(tmp_path):
    files = {f"train/{name}/{stem}.png": PICTURES[n] for n, (stem, name) in enumerate(BY_NAME.items())}
    wrong = rows("image,emotion", "{name}.png,happy")
    stems, _, _ = read(write_folder(tmp_path, files | {"list.csv": wrong}))
    assert stems == BY_NAME


@pytest.mark.parametrize("form", ["{split}/{name}.png", "images/{split}_{name}.png", "images/{name}.png"])
def test_where_the_split_of_a_listed_picture_is_said(tmp_path, form):
    files, lists = {}, {}
    for seed, split in enumerate(("train", "test")):
        lines = ["image,emotion"]
        for place, name in enumerate(EMOTIONS):
            path = form.format(split=split, name=f"{seed}{place}")
            files[path] = PICTURES[place + 7 * seed]
            lines.append(f"{path.rpartition('/')[2]},{name}")
        lists[f"{split}_labels.csv" if "_" not in form else f"{seed}.csv"] = "\n".join(lines).encode()
    dataset = read_dataset(write_folder(tmp_path, files | lists))
    for name, split in zip(dataset.names, dataset.splits, strict=True):
        assert split == ("test" if name.rpartition("/")[2].lstrip("tesrain_")[0] == "1" else "train")


def test_numbers_of_a_list_are_asked_for_as_those_of_folders_are(tmp_path):
    """RAF-DB as it comes: names with an addition, a list without a header, and numbers from 1."""
    codes = {f"train_{place:05d}": place for place in range(1, 8)}
    files = {f"Image/aligned/{stem}_aligned.jpg": PICTURES[place] for stem, place in codes.items()}
    lines = "\n".join(f"{stem}.jpg {place}" for stem, place in codes.items())
    source = write_folder(tmp_path, files | {"EmoLabel/list_patition_label.txt": lines.encode()})
    with pytest.raises(DatasetError, match=r"numbered 1 to 7.*raf-db"):
        read_dataset(source)
    stems, _, items = read(source, labels="raf-db")
    assert stems["train_00001_aligned"] == "surprise"
    assert stems["train_00007_aligned"] == "neutral"
    assert {item.split for item in items} == {"train"}


def array(value) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, value)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", [str, int])
def test_arrays_of_affectnet(tmp_path, kind):
    files = pictures("train_set/images/{}.jpg", [str(n) for n in range(8)])
    files |= {f"train_set/annotations/{n}_exp.npy": array(kind(n)) for n in range(8)}
    files |= {f"train_set/annotations/{n}_lnd.npy": array(np.zeros(136)) for n in range(8)}
    with open_source(write_folder(tmp_path, files)) as opened:
        faces = [item for item in opened.items if hasattr(item, "label")]
        assert "AffectNet's annotations say what 8 pictures show." in opened.plan.assumed
    found = {item.name.rpartition("/")[2][0]: EMOTIONS[item.label] for item in faces}
    order = ("neutral", "happy", "sad", "surprise", "fear", "disgust", "angry")
    assert found == {str(number): name for number, name in enumerate(order)}


def test_arrays_that_could_run_code_are_not_opened(tmp_path):
    buffer = io.BytesIO()
    np.save(buffer, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    files = pictures("train_set/images/{}.jpg", ["0"]) | {
        "train_set/annotations/0_exp.npy": buffer.getvalue()
    }
    with pytest.raises(DatasetError, match="holds no labelled faces"):
        read_dataset(write_folder(tmp_path, files))


ALPHABETICAL = ["anger", "contempt", "disgust", "fear", "happy", "neutral", "sad", "surprise"]


def test_boxes_of_yolo(tmp_path):
    canvas = np.zeros((96, 192), np.uint8)
    canvas[:48, :48], canvas[48:, 96:144] = IMAGES[0], IMAGES[1]
    files = {
        "data.yaml": f"nc: 8\nnames: {ALPHABETICAL}\n".encode(),
        "train/images/two.png": png_bytes(canvas),
        "train/labels/two.txt": b"4 0.125 0.25 0.25 0.5\n7 0.625 0.75 0.25 0.5\n",
        "valid/images/one.png": PICTURES[2],
        "valid/labels/one.txt": b"5 0.5 0.5 1 1\n",
        "valid/images/none.png": PICTURES[3],
        "valid/labels/none.txt": b"",
    }
    with open_source(write_folder(tmp_path, files)) as opened:
        items = list(opened.items)
    faces = {item.name: item for item in items}
    assert {name: (EMOTIONS[face.label], face.split) for name, face in faces.items()} == {
        "train/images/two.png": ("happy", "train"),
        "train/images/two.png#2": ("surprise", "train"),
        "valid/images/one.png": ("neutral", "validation"),
    }
    assert np.abs(faces["train/images/two.png"].image.astype(int) - IMAGES[0]).mean() < 6
    assert np.abs(faces["train/images/two.png#2"].image.astype(int) - IMAGES[1]).mean() < 6


@pytest.mark.parametrize(
    ("collection", "form", "codes"),
    [
        ("JAFFE", "KA.{}1.39.tiff", {"AN": "angry", "DI": "disgust", "FE": "fear", "NE": "neutral"}),
        ("KDEF", "AF01/AF01{}S.JPG", {"AF": "fear", "AN": "angry", "SA": "sad", "SU": "surprise"}),
        ("KDEF", "AM02/BM02{}HR.JPG", {"HA": "happy", "NE": "neutral"}),
    ],
)  # fmt: skip
def test_names_that_say_what_the_pictures_show(tmp_path, collection, form, codes):
    files = {form.format(code): PICTURES[place] for place, code in enumerate(codes)}
    with open_source(write_folder(tmp_path, files)) as opened:
        found = {item.name: EMOTIONS[item.label] for item in opened.items}
        assert f"The names are those of {collection}" in " ".join(opened.plan.assumed)
    assert found == {form.format(code): name for code, name in codes.items()}
    # With one picture of another name, they may be anything.
    write_folder(tmp_path, {"me.png": PICTURES[9]})
    with pytest.raises(DatasetError, match="holds no labelled faces"):
        read_dataset(tmp_path)
