import io
import os
import zipfile

import numpy as np
import pytest

from emotion.dataset.face_dataset import DatasetError
from emotion.dataset.readers import read_dataset
from emotion.dataset.synthetic import generate
from emotion.labels import EMOTIONS
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
        tmp_path / "x.csv", f'\ufeff"Usage","pixels","emotion"\r\nTraining,"{pixels}",3\r\n'.encode()
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
ROWS = csv_text(*generate(2, seed=1), ["Training"] * 2)


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
        ("3,1 2 3,Training", "2304 pixels"),
        ("3," + "256 " * 2304 + ",Training", "2304 pixels"),
        ("3," + "-1 " * 2304 + ",Training", "2304 pixels"),
        ("3," + "x " * 2304 + ",Training", "2304 pixels"),
        ("3," + "9" * 400 + ",Training", "2304 pixels"),
        ("9," + "1 " * 2304 + ",Training", "'9' is not one of the seven emotions"),
        ("3," + "1 " * 2304 + ",Holiday", "'Holiday' is not the name of a split"),
        ("3", "too few columns"),
    ],
)
def test_a_bad_row_is_skipped_and_listed(tmp_path, row, reason):
    dataset = read_dataset(write(tmp_path / "x.csv", (ROWS + row + "\n").encode()))
    assert len(dataset) == 2
    assert [item.where for item in dataset.skipped] == ["row 3"]
    assert reason in dataset.skipped[0].reason


def damaged_member() -> bytes:
    data = bytearray(zip_bytes(GOOD))
    name = b"train/happy"
    position = data.index(name) + 40  # inside the compressed picture
    data[position : position + 20] = b"\0" * 20
    return bytes(data)


def test_a_damaged_member_loses_only_itself(tmp_path):
    dataset = read_dataset(write(tmp_path / "faces.zip", damaged_member()))
    assert len(dataset) == 6
    assert len(dataset.skipped) == 1


def test_shadows_of_macos_are_no_pictures(tmp_path):
    files = GOOD | {"__MACOSX/train/happy/._000.png": b"x", "train/happy/._000.png": b"x"}
    assert read_dataset(write(tmp_path / "faces.zip", zip_bytes(files))).skipped == ()


def test_a_huge_member_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr("emotion.dataset.readers.MAX_MEMBER_BYTES", 10_000)
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
        ("notes.txt", b"hello", "neither a folder, nor a zip, nor a CSV"),
        ("empty.csv", b"", "neither a folder, nor a zip, nor a CSV"),
        ("head.csv", HEAD, "holds no labelled faces"),
        ("nul.csv", HEAD + b"3,\0\0,Training\n", "holds no labelled faces"),
        ("long.csv", HEAD + b"3," + b"1" * 200_000 + b",Training\n", "could not be read to its end"),
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
    assert len(dataset) == 8
    assert list(tmp_path.iterdir()) == [path]
    assert set(dataset.labels) == set(range(len(EMOTIONS)))
