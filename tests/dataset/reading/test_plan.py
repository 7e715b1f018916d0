"""What sources are taken for: how names are read, what is asked, and that nothing vanishes unsaid."""

import numpy as np
import pytest

from emotion.dataset.face_dataset import DatasetError
from emotion.dataset.reading.answers import ORDERS, Answers
from emotion.dataset.reading.plan import Plan
from emotion.dataset.reading.sources import open_source, read_with_note
from emotion.labels import EMOTIONS
from emotion.synthetic.faces import generate
from tests.helpers import csv_text, png_bytes, write_folder, zip_bytes

IMAGES, _ = generate(42, seed=11)
PICTURES = [png_bytes(image) for image in IMAGES]
SEVEN = list(EMOTIONS)


def folders(names: list[str], splits: tuple[str, ...] = ("train", "test"), per: int = 1) -> dict[str, bytes]:
    """Pictures in `<split>/<name>/<number>.png`, each another; the numbers name the place of the class."""
    pictures = iter(PICTURES * 9)
    return {
        f"{split}/{name}/{place}-{number}.png".lstrip("/"): next(pictures)
        for split in splits
        for place, name in enumerate(names)
        for number in range(per)
    }


def plan_of(source, *meanings: str, labels: str = "", faces: str = "") -> Plan:
    with open_source(source, Answers.parse(meanings, labels, faces)) as opened:
        return opened.plan


def read(source, *meanings: str, labels: str = "", faces: str = ""):
    with open_source(source, Answers.parse(meanings, labels, faces)) as opened:
        return list(opened.items)


def labels_by_place(items) -> dict[str, str]:
    """Return the label of each class by its place, as the pictures' names tell it."""
    return {item.name.rpartition("/")[2][0]: EMOTIONS[item.label] for item in items}


SURE = {
    "synonyms": ["anger", "disgusted", "scared", "joy", "sad", "surprised", "neutrality"],
    "numbered": [f"{number}_{name}" for number, name in enumerate(SEVEN)],
    "numbered otherwise": [f"{number + 3}. {name.title()}" for number, name in enumerate(SEVEN)],
    "with a suffix": [f"{name}_faces" for name in SEVEN],
    "with a word": [f"{name} face" for name in SEVEN],
}


@pytest.mark.parametrize("case", SURE)
def test_names_that_say_more_are_read_and_this_is_said(tmp_path, case):
    source = write_folder(tmp_path, folders(SURE[case]))
    plan = plan_of(source)
    assert not plan.questions
    odd = next(name for name in SURE[case] if name not in ("sad", "surprised", "disgusted"))
    assert any(sentence.startswith("Read as emotions: ") for sentence in plan.assumed)
    assert case == "synonyms" or f"{odd} is {SEVEN[SURE[case].index(odd)]}" in plan.assumed[0]
    assert labels_by_place(read(source)) == {str(place): name for place, name in enumerate(SEVEN)}


UNSURE = {
    "misspelt": ({"suprise": "surprise"}, ["anger", *SEVEN[1:5], "suprise", "neutral"]),
    "misspelt otherwise": ({"neural": "neutral"}, [*SEVEN[:6], "neural"]),
    "German": (
        {"wütend": "angry", "ekel": "disgust", "angst": "fear", "fröhlich": "happy", "traurig": "sad",
         "überrascht": "surprise"},
        ["wütend", "ekel", "angst", "fröhlich", "traurig", "überrascht", "neutral"],
    ),
    "five classes": ({"Suprise": "surprise"}, ["Angry", "Fear", "Happy", "Sad", "Suprise"]),
    "a word of nobody's": ({"zzz": ""}, [*SEVEN[:6], "zzz"]),
}  # fmt: skip


@pytest.mark.parametrize("as_zip", [False, True])
@pytest.mark.parametrize("case", UNSURE)
def test_a_class_never_vanishes_it_is_asked_for(tmp_path, case, as_zip):
    guesses, names = UNSURE[case]
    source = write_folder(tmp_path / "faces", folders(names, per=2))
    if as_zip:
        source = tmp_path / "faces.zip"
        source.write_bytes(zip_bytes(folders(names, per=2)))
    plan = plan_of(source)
    assert {question.name: question.guess for question in plan.questions} == guesses
    assert {question.count for question in plan.questions} == {4}
    with pytest.raises(DatasetError) as caught:
        read_with_note(source)
    for name, guess in guesses.items():
        assert f"{name} (4 pictures)" in str(caught.value)
        assert f"--map {name}={guess or 'MEANING'}" in str(caught.value)
        assert not guess or f"did you mean {guess}?" in str(caught.value)
    answered = [f"{name}={guess or 'neutral'}" for name, guess in guesses.items()]
    assert not plan_of(source, *answered).questions
    found = labels_by_place(read(source, *answered))
    assert len(found) == len(names)
    left_out = [f"{name}=none" for name in guesses]
    plan = plan_of(source, *left_out)
    assert not plan.questions
    assert any("There are no faces of: " in sentence for sentence in plan.assumed)


def test_what_is_none_of_the_seven_is_left_out_by_name(tmp_path):
    plan = plan_of(write_folder(tmp_path, folders([*SEVEN, "contempt"], per=2)))
    assert not plan.questions
    assert plan.left_out == ["contempt (4 pictures) is none of the seven and is left out."]


def test_an_unknown_folder_beside_all_seven_is_left_out_and_named(tmp_path):
    plan = plan_of(write_folder(tmp_path, folders([*SEVEN, "miscellany"])))
    assert plan.left_out == ["miscellany (2 pictures) is none of the seven and is left out."]


# Numbers


NUMBERED = {
    "raf-db": range(1, 8), "affectnet": range(8), "fer2013": range(8), "ferplus": range(8),
    "ck-plus": range(8), "alphabetical-contempt": range(8), "alphabetical": range(7),
}  # fmt: skip


@pytest.mark.parametrize("form", ["folders", "table"])
@pytest.mark.parametrize("order", NUMBERED)
def test_numbers_mean_what_somebody_says(tmp_path, order, form):
    codes = list(NUMBERED[order])
    if form == "folders":
        source = write_folder(tmp_path, folders([str(code) for code in codes]))
    else:
        source = tmp_path / "x.csv"
        rows = (f"{code},{' '.join(map(str, IMAGES[code].ravel()))},Training" for code in codes)
        source.write_text("\n".join(["emotion,pixels,Usage", *rows]))
    if order != "alphabetical":
        (question,) = plan_of(source).questions
        assert (question.kind, question.codes) == ("labels", tuple(codes))
        assert order in question.orders
        with pytest.raises(
            DatasetError, match=f"numbered {codes[0]} to {codes[-1]}.*--labels ORDER .*{order}"
        ):
            read_with_note(source)
    first, names = ORDERS[order]
    meant = dict(enumerate(names.split(), first))
    for labels in (order, ",".join(f"{code}={meant[code]}" for code in codes)):
        faces = [item for item in read(source, labels=labels) if hasattr(item, "label")]
        told = {EMOTIONS[face.label] for face in faces}
        assert told == set(EMOTIONS)
        for face in faces:
            code = int(face.name.split("/")[1]) if form == "folders" else codes[int(face.name[-5:])]
            assert EMOTIONS[face.label] == meant[code]


def test_all_seven_numbers_are_read_as_those_of_the_challenge_and_this_is_said(tmp_path):
    source = write_folder(tmp_path / "folders", folders([str(code) for code in range(7)]))
    plan = plan_of(source)
    assert not plan.questions
    assert "in the order of FER-2013: 0=angry,1=disgust," in plan.assumed[0]
    assert labels_by_place(read(source)) == {str(place): name for place, name in enumerate(SEVEN)}
    table = tmp_path / "fer.csv"
    table.write_text(csv_text(IMAGES[:7], np.arange(7), ["Training"] * 6 + ["PublicTest"]))
    plan = plan_of(table)
    assert not plan.needs_a_look()  # the challenge's own form
    assert "in the order of FER-2013" in " ".join(plan.notes)


@pytest.mark.parametrize("codes", [[0, 1, 2], [3], [1, 2, 3, 4, 5, 6], [0, 1, 2, 3, 4, 5, 6, 9]])
def test_some_of_the_numbers_are_not_believed(tmp_path, codes):
    source = write_folder(tmp_path, folders([f"{code}" for code in codes]))
    (question,) = plan_of(source).questions
    assert (question.kind, question.codes) == ("labels", tuple(codes))
    assert plan_of(source, labels="0=sad").questions  # says nothing of the others


@pytest.mark.parametrize("legend", ["classes.txt", "README.md", "map.json"])
def test_a_file_that_lies_with_them_says_what_numbers_mean(tmp_path, legend):
    names = dict(enumerate(["surprise", "fear", "disgust", "happy", "sad", "angry", "neutral"], 1))
    lines = "\n".join(f"{code}: {name}" for code, name in names.items())
    text = "{" + ", ".join(f'"{code}": "{name}"' for code, name in names.items()) + "}"
    files = folders([str(code) for code in names]) | {
        legend: (text if legend.endswith("json") else lines).encode()
    }
    source = write_folder(tmp_path, files)
    plan = plan_of(source)
    assert not plan.questions
    assert f"read as {legend} says: 1=surprise,2=fear" in " ".join(plan.assumed)
    found = labels_by_place(read(source))
    assert found == {str(code - 1): name for code, name in names.items()}
    # Another one says something else: then nobody knows.
    write_folder(tmp_path, {"other.txt": lines.replace("surprise", "x").replace("fear", "surprise").encode()})
    write_folder(
        tmp_path, {"third.txt": "\n".join(f"{8 - code} {name}" for code, name in names.items()).encode()}
    )
    assert plan_of(source).questions


# Splits

SPLITS = {
    "FER+": (("FER2013Train", "FER2013Valid", "FER2013Test"), ("train", "validation", "test")),
    "sets": (("train_set", "val_set"), ("train", "validation")),
    "capital sets": (("Training_Set", "Test_Set"), ("train", "test")),
    "dev": (("train", "dev", "test"), ("train", "validation", "test")),
    "the challenge": (("Training", "PublicTest", "Private Test"), ("train", "test", "test")),
    "trees": (("faces/trainset", "faces/test data"), ("train", "test")),
}


@pytest.mark.parametrize("case", SPLITS)
def test_splits_by_other_names(tmp_path, case):
    names, splits = SPLITS[case]
    source = write_folder(tmp_path, folders(SEVEN, names))
    plan = plan_of(source)
    assert not plan.questions
    said = " ".join(plan.sentences())
    for name, split in zip(names, splits, strict=True):
        assert name == split or f"{name.rpartition('/')[2]} is {split}" in said
    found = {item.name.rpartition("/")[0].rpartition("/")[0]: item.split for item in read(source)}
    assert found == dict(zip(names, splits, strict=True))


@pytest.mark.parametrize(
    "order", ["{split}/{name}", "{name}/{split}", "{split}/{name}/person7", "{split}_{name}"]
)
def test_classes_and_splits_in_any_order(tmp_path, order):
    files = {
        order.format(split=split, name=name) + "/1.png": PICTURES[place + 7 * (split == "test")]
        for split in ("train", "test")
        for place, name in enumerate(SEVEN)
    }
    items = read(write_folder(tmp_path, files))
    assert len(items) == 14
    for item in items:
        assert EMOTIONS[item.label] in item.name
        assert item.split in item.name


def test_a_folder_beside_the_splits_is_asked_for(tmp_path):
    source = write_folder(tmp_path, folders(SEVEN, ("train", "test", "extra")))
    (question,) = plan_of(source).questions
    assert (question.kind, question.name, question.count) == ("split", "extra", 7)
    with pytest.raises(DatasetError, match=r"none of the known splits: extra .*--map extra=MEANING"):
        read_with_note(source)
    assert {item.split for item in read(source, "extra=validation")} == {"train", "validation", "test"}
    left = read(source, "extra=none")
    assert sum(hasattr(item, "label") for item in left) == 14


def test_a_wrapper_that_speaks_of_training_is_no_split(tmp_path):
    source = write_folder(tmp_path, folders(SEVEN, ("My training project",)))
    plan = plan_of(source)
    assert "My training project is taken for no split" in " ".join(plan.assumed)
    assert {item.split for item in read(source)} == {""}


def test_a_value_for_a_split_that_nobody_knows_is_asked_for(tmp_path):
    source = tmp_path / "x.csv"
    source.write_text(csv_text(IMAGES[:14], np.arange(14) % 7, ["Trainning"] * 7 + ["Public Test"] * 7))
    (question,) = plan_of(source).questions
    assert (question.kind, question.name, question.guess) == ("split", "Trainning", "train")
    items = read(source, "Trainning=train")
    assert [item.split for item in items] == ["train"] * 7 + ["test"] * 7
    assert items[7].name == "PublicTest_00007"


def test_that_a_test_will_be_drawn_is_said_before(tmp_path):
    plan = plan_of(write_folder(tmp_path, folders(SEVEN, ("",))))
    assert plan.assumed == ["Nothing says which faces are for the test: a sixth of each class will be drawn."]


def test_clear_sources_need_no_second_look(tmp_path):
    assert not plan_of(write_folder(tmp_path / "a", folders(SEVEN))).needs_a_look()
    assert not plan_of(
        write_folder(tmp_path / "b", folders(SEVEN, ("train", "valid", "test")))
    ).needs_a_look()


# What is lost


def test_files_of_no_known_kind_are_said_by_folder(tmp_path):
    files = folders(SEVEN) | {f"train/sad/{i}.pgm": b"P5" for i in range(3)}
    plan = plan_of(write_folder(tmp_path, files))
    assert plan.left_out == ["train/sad: 3 files ending in .pgm, no picture of a known kind, left out."]


def test_a_class_of_nothing_but_such_files_is_refused(tmp_path):
    files = folders(SEVEN[:6], ("",)) | {f"neutral/{i}.pgm": b"P5" for i in range(3)}
    source = write_folder(tmp_path, files)
    with pytest.raises(DatasetError, match=r"neutral has 3 files ending in .pgm, .*--map neutral=none"):
        plan_of(source)
    assert "There are no faces of: neutral." in plan_of(source, "neutral=none").assumed


def test_a_class_of_which_nothing_can_be_read_is_refused(tmp_path):
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"
    source = write_folder(tmp_path, folders(SEVEN[:6]) | {"train/neutral/1.jpg": pointer})
    with pytest.raises(
        DatasetError, match=r"None of the pictures of neutral .*pointer of Git LFS.*--map neutral=none"
    ):
        read_with_note(source)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"train.zip": zip_bytes({"a": b""})}, "train.zip is an archive within: unpack it"),
        ({"fer2013.tar.gz": b"\x1f\x8b"}, "fer2013.tar.gz is an archive within: unpack it"),
        ({"test.csv": b"pixels\n" + b"1 " * 2304 + b"\n"}, "test.csv has pixels and no column of labels"),
        ({"images/a.png": PICTURES[0]}, "The folders are images; if they are classes, say which"),
        ({"train/a.png": PICTURES[0]}, "Nothing says what its 1 pictures show"),
        ({"faces.npy": b"\x93NUMPY"}, "faces.npy is a NumPy array without labels"),
        (
            {
                "FER2013Train/fer0000000.png": PICTURES[0],
                "FER2013Train/label.csv": b'fer0000000.png,"(0, 0, 48, 48)",0,9,0,0,0,0,1,0,0,0\n',
            },
            "has the votes of FER\\+, which are no labels",
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("as_zip", [False, True])
def test_what_is_there_instead_of_faces_is_named(tmp_path, files, message, as_zip):
    source = write_folder(tmp_path / "faces", files)
    if as_zip:
        source = tmp_path / "faces.bin"
        source.write_bytes(zip_bytes(files))
    with pytest.raises(DatasetError, match=f"holds no labelled faces.*{message}"):
        plan_of(source)


@pytest.mark.parametrize(
    ("names", "guesses"),
    [
        (("tr", "va", "te"), {"tr": "train", "va": "validation", "te": "test"}),
        (("entrenamiento", "prueba"), {"entrenamiento": "train", "prueba": "test"}),
        (("Trainning", "fold2"), {"Trainning": "train", "fold2": ""}),
    ],
)
def test_what_is_likely_a_split_is_asked_for(tmp_path, names, guesses):
    source = write_folder(tmp_path, folders(SEVEN, names))
    assert {question.name: question.guess for question in plan_of(source).questions} == guesses
    answers = [f"{name}={guess or 'none'}" for name, guess in guesses.items()]
    assert {item.split for item in read(source, *answers) if hasattr(item, "split")} == {
        guess for guess in guesses.values() if guess
    }


def test_folders_above_the_classes_that_say_nothing_are_said_to_be_no_splits(tmp_path):
    source = write_folder(tmp_path, folders(SEVEN, ("p01", "p02", "p03")))
    plan = plan_of(source)
    assert "The folders above the classes are taken for no splits: p01, p02, p03." in plan.assumed
    assert {item.split for item in read(source)} == {""}
    assert {item.split for item in read(source, "p01=test", "p02=train", "p03=train")} == {"test", "train"}
