import contextlib
import io
import os
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from emotion.dataset.face_dataset import DatasetError, image_keys
from emotion.dataset.reading.sources import open_source, read_dataset, read_with_note
from emotion.dataset.splits import part_mask
from emotion.labels import EMOTIONS
from emotion.synthetic.faces import generate
from tests.helpers import csv_text, faces_by_name, png_bytes, write_folder, zip_bytes

FILES = faces_by_name(14, "train") | faces_by_name(7, "test", seed=5)


def write(path, data: bytes):
    path.write_bytes(data)
    return path


def check_same_faces(dataset):
    assert len(dataset) == 21
    assert (dataset.splits == "test").sum() == 7
    assert np.bincount(dataset.labels, minlength=7).tolist() == [3] * 7
    expected = {png_bytes(image) for image in dataset.images}
    assert expected == set(FILES.values())  # lossless, and each face is there


def test_folder(tmp_path):
    check_same_faces(read_dataset(write_folder(tmp_path, FILES)))


@pytest.mark.parametrize("wrapping", ["", "fer2013/", "a/b/"])
def test_zip(tmp_path, wrapping):
    data = zip_bytes({wrapping + name: content for name, content in FILES.items()})
    check_same_faces(read_dataset(write(tmp_path / "faces.bin", data)))


@pytest.mark.parametrize("in_zip", [False, True])
def test_challenge_csv(tmp_path, in_zip):
    images, labels = generate(7, seed=3)
    usages = ["Training"] * 5 + ["PublicTest", "PrivateTest"]
    data = csv_text(images, labels, usages).encode()
    path = write(tmp_path / "faces.dat", zip_bytes({"fer2013.csv": data}) if in_zip else data)
    dataset = read_dataset(path)
    assert np.array_equal(dataset.images, images)
    assert np.array_equal(dataset.labels, labels)
    assert dataset.splits.tolist() == ["train"] * 5 + ["test"] * 2
    assert dataset.names[5] == "PublicTest_00005"


def test_csv_with_byte_order_mark_quotes_and_other_column_order(tmp_path):
    images, _ = generate(1, seed=3)
    pixels = " ".join(map(str, images[0].ravel()))
    path = write(
        tmp_path / "x.csv", f'\ufeff"Usage","pixels","emotion"\r\nTraining,"{pixels}",happy\r\n'.encode()
    )
    dataset = read_dataset(path)
    assert dataset.labels.tolist() == [3]
    assert np.array_equal(dataset.images, images)


@pytest.mark.parametrize("size", [(20, 30), (48, 48), (300, 200)])
@pytest.mark.parametrize("channels", [None, 3])
def test_any_size_and_color_becomes_48x48_grey(tmp_path, size, channels):
    shape = size if channels is None else (*size, channels)
    image = np.full(shape, 77, np.uint8)
    dataset = read_dataset(write_folder(tmp_path, {"train/sad/a.png": png_bytes(image)}))
    assert dataset.images.shape == (1, 48, 48)
    assert (dataset.images == 77).all()


GOOD = faces_by_name(7)
TWICE = GOOD | faces_by_name(14)  # two of each class
ROWS = csv_text(*generate(7, seed=1), ["Training"] * 7)


@pytest.mark.parametrize(
    ("files", "where", "reason"),
    [
        (GOOD | {"train/happy/bad.png": b"not a picture"}, "train/happy/bad.png", "picture"),
        (GOOD | {"train/happy/empty.png": b""}, "train/happy/empty.png", "empty"),
        (
            GOOD | {"train/contempt/x.png": next(iter(GOOD.values()))},
            "train/contempt/x.png",
            "seven emotions",
        ),
        (GOOD | {"loose.png": next(iter(GOOD.values()))}, "loose.png", "seven emotions"),
    ],
)
@pytest.mark.parametrize("as_zip", [False, True])
def test_a_bad_picture_is_skipped_and_listed(tmp_path, files, where, reason, as_zip):
    if as_zip:
        source = write(tmp_path / "faces.zip", zip_bytes(files))
    else:
        source = write_folder(tmp_path / "faces", files)
    dataset = read_dataset(source)
    assert len(dataset) == 7
    assert [item.where for item in dataset.skipped] == [where]
    assert reason in dataset.skipped[0].reason


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("3,1 2 3,Training", "has 3 pixels, which are no square"),
        ("3," + "1 " * 2303 + ",Training", "has 2,303 pixels, which are no square"),
        ("3," + "256 " * 2304 + ",Training", "no whole numbers from 0 to 255"),
        ("3," + "-1 " * 2304 + ",Training", "no whole numbers from 0 to 255"),
        ("3," + "0.5 " * 2304 + ",Training", "no whole numbers from 0 to 255"),
        ("3," + "nan " * 2304 + ",Training", "no numbers"),
        ("3," + "x " * 2304 + ",Training", "no numbers"),
        ("3,[1 2 3 ... 7 8 9],Training", "shortened"),
        ("3," + "9" * 400 + ",Training", "no numbers"),
        ("contempt," + "1 " * 2304 + ",Training", "'contempt' is not one of the seven emotions"),
        ("3", "too few columns"),
    ],
)
def test_a_bad_row_is_skipped_and_listed(tmp_path, row, reason):
    dataset = read_dataset(write(tmp_path / "x.csv", (ROWS + row + "\n").encode()))
    assert len(dataset) == 7
    assert [item.where for item in dataset.skipped] == ["row 8"]
    assert reason in dataset.skipped[0].reason


def damaged_member() -> bytes:
    data = bytearray(zip_bytes(TWICE))
    name = b"train/happy"
    position = data.index(name) + 40  # inside the compressed picture
    data[position : position + 20] = b"\0" * 20
    return bytes(data)


def test_a_damaged_member_loses_only_itself(tmp_path):
    dataset = read_dataset(write(tmp_path / "faces.zip", damaged_member()))
    assert len(dataset) == len(TWICE) - 1
    assert len(dataset.skipped) == 1


def test_shadows_of_macos_are_no_pictures(tmp_path):
    files = GOOD | {"__MACOSX/train/happy/._000.png": b"x", "train/happy/._000.png": b"x"}
    assert read_dataset(write(tmp_path / "faces.zip", zip_bytes(files))).skipped == ()


def test_a_huge_member_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr("emotion.dataset.reading.contents.MAX_MEMBER_BYTES", 10_000)
    files = GOOD | {"train/happy/zeros.png": b"\0" * 100_000}
    dataset = read_dataset(write(tmp_path / "faces.zip", zip_bytes(files)))
    assert [item.where for item in dataset.skipped] == ["train/happy/zeros.png"]
    assert "too large" in dataset.skipped[0].reason


def test_links_are_not_followed(tmp_path):
    root = write_folder(tmp_path / "faces", GOOD)
    secret = write(tmp_path / "secret.png", next(iter(GOOD.values())))
    (root / "train/happy/link.png").symlink_to(secret)
    dataset = read_dataset(root)
    assert len(dataset) == 7
    assert [item.where for item in dataset.skipped] == ["train/happy/link.png"]


HEAD = b"emotion,pixels,Usage\n"


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("faces.zip", zip_bytes({"readme.txt": b"hello"}), "holds no labelled faces"),
        ("faces.zip", zip_bytes({"train/happy/a.png": b"junk"}), "The first problem: train/happy/a.png"),
        ("faces.zip", zip_bytes({"votes.csv": b"image,neutral\na,1\n"}), "holds no labelled faces"),
        ("notes.txt", b"hello", "neither a folder, nor a zip or tar, nor a table"),
        ("empty.csv", b"", "neither a folder, nor a zip or tar, nor a table"),
        ("head.csv", HEAD, "holds no labelled faces"),
        ("nul.csv", HEAD + b"3,\0\0,Training\n", "holds no labelled faces"),
        ("long.csv", HEAD + b"sad," + b"1" * 200_000 + b",Training\n", "no whole numbers|no numbers"),
        ("endless.csv", HEAD + b"3," + b"1" * 4_100_000, "A line is longer than 4,000,000 characters"),
        ("open.csv", HEAD + b'3,"' + b"1\n" * 3_000_000, "A quotation mark of the table is not closed"),
    ],
)  # fmt: skip
def test_refused_with_one_sentence(tmp_path, name, data, message):
    with pytest.raises(DatasetError, match=message) as caught:
        read_dataset(write(tmp_path / name, data))
    assert "\n" not in str(caught.value)


def test_nothing_there(tmp_path):
    with pytest.raises(DatasetError, match="There is no dataset at"):
        read_dataset(tmp_path / "missing")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DatasetError, match="There is no dataset"):
        read_dataset(tmp_path / "pipe")


def test_nothing_is_written_beside_the_source(tmp_path):
    buffer = io.BytesIO(zip_bytes(GOOD))
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("../../train/happy/climb.png", next(iter(GOOD.values())))
    path = write(tmp_path / "faces.zip", buffer.getvalue())
    dataset = read_dataset(path)
    assert len(dataset) == 7
    assert [item.where for item in dataset.skipped] == ["../../train/happy/climb.png"]
    assert list(tmp_path.iterdir()) == [path]
    assert set(dataset.labels) == set(range(len(EMOTIONS)))


FACE = next(iter(GOOD.values()))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../train/happy/x.png", "leads out of the archive"),
        ("train/../../happy/x.png", "leads out of the archive"),
        ("/train/happy/x.png", "leads out of the archive"),
        ("C:/train/happy/x.png", "leads out of the archive"),
        ("..\\train\\happy\\x.png", "leads out of the archive"),
        ("train/happy/000.png", None),
        ("train/happy/x.pgm", "not a picture of a known kind"),
        ("train/happy/" + "x" * 300 + ".png", "too long"),
        ("train/happy/Thumbs.db", None),
        ("train/happy/.DS_Store", None),
        ("train/notes.txt", None),
    ],
)
def test_odd_members_of_an_archive(tmp_path, name, reason):
    data = zip_bytes({key: value for key, value in GOOD.items() if key != name} | {name: FACE})
    dataset = read_dataset(write(tmp_path / "faces.zip", data))
    assert [reason in item.reason for item in dataset.skipped] == [True] * (reason is not None)
    assert len(dataset) >= 7


def test_duplicate_names_count_once(tmp_path):
    buffer = io.BytesIO(zip_bytes(GOOD))
    name = next(iter(GOOD))
    with zipfile.ZipFile(buffer, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(name, b"another one")
    dataset = read_dataset(write(tmp_path / "faces.zip", buffer.getvalue()))
    assert len(dataset) == 7
    assert [(item.where, item.reason) for item in dataset.skipped] == [
        (name, "Another file of the same name comes before it.")
    ]


def test_links_in_an_archive_are_not_followed(tmp_path):
    buffer = io.BytesIO(zip_bytes(GOOD))
    link = zipfile.ZipInfo("train/happy/link.png")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    dataset = read_dataset(write(tmp_path / "faces.zip", buffer.getvalue()))
    assert [(item.where, item.reason) for item in dataset.skipped] == [
        ("train/happy/link.png", "Links are not followed.")
    ]


def test_linked_folders_are_not_followed(tmp_path):
    root = write_folder(tmp_path / "faces", GOOD)
    (root / "train/happy/again").symlink_to(root)
    dataset = read_dataset(root)
    assert len(dataset) == 7
    assert [item.reason for item in dataset.skipped] == ["Links are not followed."]


def test_backslashes_separate_folders(tmp_path):
    data = zip_bytes({name.replace("/", "\\"): content for name, content in GOOD.items()})
    assert sorted(read_dataset(write(tmp_path / "faces.zip", data)).names) == sorted(GOOD)


def test_absurd_sizes_are_refused_before_unpacking(tmp_path, monkeypatch):
    monkeypatch.setattr("emotion.dataset.reading.contents.MAX_UNPACKED_BYTES", 5_000)
    path = write(tmp_path / "faces.zip", zip_bytes(GOOD))
    monkeypatch.setattr(zipfile.ZipFile, "open", None)  # nothing is unpacked
    with pytest.raises(DatasetError, match="would unpack to"):
        read_dataset(path)


@pytest.mark.parametrize("as_zip", [False, True])
def test_too_many_pictures_are_refused(tmp_path, monkeypatch, as_zip):
    monkeypatch.setattr("emotion.dataset.reading.contents.MAX_PICTURES", 6)
    if as_zip:
        source = write(tmp_path / "faces.zip", zip_bytes(GOOD))
    else:
        source = write_folder(tmp_path / "faces", GOOD)
    with pytest.raises(DatasetError, match="7 pictures; at most 6"):
        read_dataset(source)


@pytest.mark.parametrize("validation", ["validation", "val", "Valid"])
def test_a_validation_folder(tmp_path, validation):
    files = FILES | faces_by_name(7, validation, seed=9)
    dataset = read_dataset(write_folder(tmp_path / "faces", files))
    assert {name: int((dataset.splits == name).sum()) for name in set(dataset.splits.tolist())} == {
        "train": 14,
        "test": 7,
        "validation": 7,
    }


def test_the_nearest_folder_names_the_split(tmp_path):
    files = {"training/test/happy/1.png": FACE, "test/train/Anger/2.png": FACE}
    dataset = read_dataset(write_folder(tmp_path / "faces", files))
    assert dict(zip(dataset.names.tolist(), dataset.splits.tolist(), strict=True)) == {
        "training/test/happy/1.png": "test",
        "test/train/Anger/2.png": "train",
    }


SPELLINGS = {
    "angry": ["anger", "Angry", "0"], "disgust": ["disgusted", "1"], "fear": ["fearful", "2"],
    "happy": ["happiness", "HAPPY", "3"], "sad": ["sadness", "4"], "surprise": ["surprised", "5"],
    "neutral": ["Neutral", "6"],
}  # fmt: skip


def test_usual_spellings_of_the_classes(tmp_path):
    files = {f"train/{spelling}/x.png": FACE for spellings in SPELLINGS.values() for spelling in spellings}
    dataset = read_dataset(write_folder(tmp_path / "faces", files))
    assert dataset.skipped == ()
    for name, label in zip(dataset.names.tolist(), dataset.labels.tolist(), strict=True):
        assert name.split("/")[1] in SPELLINGS[EMOTIONS[label]]


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "BMP"])
def test_picture_formats(tmp_path, form):
    buffer = io.BytesIO()
    Image.new("RGB", (60, 60), (90, 90, 90)).save(buffer, form)
    dataset = read_dataset(write_folder(tmp_path / "f", {f"train/sad/a.{form.lower()}": buffer.getvalue()}))
    assert abs(dataset.images.astype(int) - 90).max() <= 2


def unsplit(copies: int = 0) -> dict[str, bytes]:
    files = {name.removeprefix("x/"): data for name, data in faces_by_name(84, "x", seed=1).items()}
    return files | {f"{name}.copy.png": data for name, data in list(files.items())[:copies]}


def test_without_a_split_one_is_made(tmp_path):
    source = write_folder(tmp_path / "faces", unsplit(copies=40))
    dataset, note = read_with_note(source)
    assert "a sixth of each class" in note
    assert np.array_equal(dataset.splits, read_dataset(source).splits)  # the same one, always
    keys = image_keys(dataset.images)
    assert not set(keys[dataset.splits == "test"]) & set(keys[dataset.splits == "train"])
    assert len(set(keys[dataset.splits == "test"])) == 14
    assert set(dataset.labels[dataset.splits == "test"]) == set(range(7))


def test_faces_outside_of_the_splits_count_as_training(tmp_path):
    source = write_folder(tmp_path / "faces", GOOD | {"happy/x.png": FACE, "test/sad/x.png": FACE})
    dataset, note = read_with_note(source)
    # One of them is a copy of a training face, and of a test face as well: that is no training face.
    assert "1 faces outside of them are copies of faces in them and go with these" in note
    assert "2 faces of test stand in train, too" in note
    assert (dataset.splits == "train").sum() == 7
    other = faces_by_name(7, "x", seed=3)
    files = GOOD | faces_by_name(7, "test", seed=2) | {name[2:]: data for name, data in other.items()}
    dataset, note = read_with_note(write_folder(tmp_path / "others", files))
    assert "7 faces outside of them count as training" in note
    assert (dataset.splits == "train").sum() == 14


def test_a_csv_without_usage_gets_a_split(tmp_path):
    images, labels = generate(42, seed=3)
    text = csv_text(images, labels, ["x"] * 42).replace(",x\n", "\n").replace(",Usage", "")
    dataset, note = read_with_note(write(tmp_path / "x.csv", text.encode()))
    assert "a sixth of each class" in note
    assert (dataset.splits == "test").sum() == 7
    assert dataset.names[3] == "row_00003"


def test_a_csv_in_a_folder_and_empty_lines(tmp_path):
    (tmp_path / "faces").mkdir()
    write(tmp_path / "faces" / "fer.csv", (ROWS + "\n\n").encode())
    dataset = read_dataset(tmp_path / "faces")
    assert (len(dataset), dataset.skipped) == (7, ())


def test_of_several_tables_those_with_splits_count(tmp_path):
    images, labels = generate(7, seed=3)
    whole = csv_text(images, labels, ["Training"] * 5 + ["PublicTest"] * 2)
    part = csv_text(images[:5], labels[:5], ["x"] * 5).replace(",x\n", "\n").replace(",Usage", "")
    files = {"train.csv": part, "icml.csv": whole, "test.csv": "pixels\n1 2\n"}
    data = zip_bytes({name: text.encode() for name, text in files.items()})
    assert len(read_dataset(write(tmp_path / "faces.zip", data))) == 7


def test_the_two_tests_can_be_told_apart(tmp_path):
    usages = ["Training"] * 4 + ["PublicTest"] * 2 + ["PrivateTest"]
    dataset = read_dataset(write(tmp_path / "x.csv", csv_text(*generate(7, seed=3), usages).encode()))
    sizes = {
        part: part_mask(dataset, part).sum() for part in ("train", "test", "public-test", "private-test")
    }
    assert sizes == {"train": 4, "test": 3, "public-test": 2, "private-test": 1}
    with pytest.raises(DatasetError, match="no split called 'validation'"):
        part_mask(dataset, "validation")


def test_a_test_without_such_names_has_no_parts(tmp_path):
    with pytest.raises(DatasetError, match="PublicTest"):
        part_mask(read_dataset(write_folder(tmp_path, FILES)), "public-test")


def test_a_source_tells_how_much_there_is(tmp_path):
    sources = [
        write_folder(tmp_path / "faces", FILES),
        write(tmp_path / "faces.zip", zip_bytes(FILES)),
        write(tmp_path / "x.csv", csv_text(*generate(21, seed=3), ["Training"] * 21).encode()),
    ]
    for source in sources:
        with open_source(source) as opened:
            assert opened.total == len(list(opened.items)) == 21


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_mangled_zip_gives_faces_or_one_sentence(tmp_path, data):
    content = bytearray(zip_bytes(GOOD))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = write(tmp_path / "faces.zip", bytes(content[: data.draw(st.integers(1, len(content)))]))
    with contextlib.suppress(DatasetError):
        assert 1 <= len(read_dataset(path)) <= 7
