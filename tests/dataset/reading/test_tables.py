"""Tables of faces as spreadsheets, scripts and other collections write them."""

import bz2
import codecs
import gzip
import io
import lzma
import tarfile
import zipfile

import cv2
import numpy as np
import pytest

from emotion.dataset.face_dataset import DatasetError
from emotion.dataset.reading import lines
from emotion.dataset.reading.answers import Answers
from emotion.dataset.reading.sources import open_source, read_dataset, read_with_note
from emotion.synthetic.faces import generate
from tests.helpers import csv_text, faces_by_name, write_folder, zip_bytes

IMAGES, LABELS = generate(14, seed=5)
USAGES = ["Training"] * 7 + ["PublicTest"] * 7
TEXT = csv_text(IMAGES, LABELS, USAGES)


def rewritten(
    pixels=lambda image: " ".join(map(str, image.ravel())), label=str, usage=str, images=IMAGES
) -> str:
    """Return the table with its cells written otherwise."""
    rows = ["emotion,pixels,Usage"]
    for image, number, part in zip(images, LABELS, USAGES, strict=True):
        rows.append(f"{label(number)},{pixels(image)},{usage(part)}")
    return "\n".join(rows) + "\n"


def numbers(image, between: str = " ", form: str = "{}") -> str:
    return between.join(form.format(value) for value in image.ravel())


def wide() -> str:
    header = ",".join(["emotion", *(f"pixel{number}" for number in range(2304))])
    rows = [f"{label},{numbers(image, ',')}" for image, label in zip(IMAGES, LABELS, strict=True)]
    return "\n".join([header, *rows])


WRITTEN = {
    "plain": TEXT,
    "without a header": TEXT.partition("\n")[2],
    "another order, spaces": "\n".join(
        ",".join(np.array(row.split(","))[[2, 0, 1]]) for row in TEXT.splitlines()
    ).replace("Usage", " Usage "),
    "an index": "\n".join(f"{n},{row}" for n, row in enumerate(TEXT.splitlines())).replace("0,", ",", 1),
    "label": TEXT.replace("emotion", "label", 1),
    "expression": TEXT.replace("emotion", "Expression", 1),
    "semicolons": TEXT.replace(",", ";"),
    "tabs": TEXT.replace(",", "\t"),
    "old Macintosh": TEXT.replace("\n", "\r"),
    "Windows": TEXT.replace("\n", "\r\n"),
    "quoted commas": rewritten(lambda image: '"' + numbers(image, ",") + '"'),
    "brackets": rewritten(lambda image: '"[' + numbers(image, ", ") + ']"'),
    "NumPy's brackets": rewritten(lambda image: '"' + str(image.tolist()).replace(",", "\n") + '"'),
    "decimals": rewritten(lambda image: numbers(image, form="{}.0"), label=lambda number: f"{number}.0"),
    "names": rewritten(
        label=lambda number: ["Anger", "DISGUST", "fear", "joy", "sad", "surprised", "Neutral"][number]
    ),
    "a column a pixel": wide(),
}  # fmt: skip


@pytest.mark.parametrize("case", WRITTEN)
def test_however_it_is_written_it_is_the_same_table(tmp_path, case):
    path = tmp_path / "faces"
    path.write_text(WRITTEN[case], newline="")
    dataset = read_dataset(path)
    assert np.array_equal(dataset.images, IMAGES)
    assert np.array_equal(dataset.labels, LABELS)
    assert dataset.skipped == ()
    if case != "a column a pixel":
        assert dataset.splits.tolist() == ["train"] * 7 + ["test"] * 7


def tar_of(files: dict[str, bytes], mode: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


DATA = TEXT.encode()
PACKED = {
    "UTF-16": TEXT.encode("utf-16"),
    "UTF-16, big": codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
    "UTF-16, unmarked": TEXT.encode("utf-16-le"),
    "UTF-8 with a mark": TEXT.encode("utf-8-sig"),
    "gzip": gzip.compress(DATA),
    "bzip2": bz2.compress(DATA),
    "xz": lzma.compress(DATA),
    "tar": tar_of({"fer2013/fer2013.csv": DATA, "fer2013/README": b"x"}, "w"),
    "tar.gz": tar_of({"./fer2013/fer2013.csv": DATA}, "w:gz"),
    "gzip in a zip": zip_bytes({"a/fer2013.csv.gz": gzip.compress(DATA)}),
}


@pytest.mark.parametrize("case", PACKED)
def test_however_it_is_packed_it_is_the_same_table(tmp_path, case):
    path = tmp_path / "faces"
    path.write_bytes(PACKED[case])
    dataset = read_dataset(path)
    assert np.array_equal(dataset.images, IMAGES)
    assert dataset.splits.tolist() == ["train"] * 7 + ["test"] * 7


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2"])
def test_pictures_in_a_tar(tmp_path, mode):
    files = faces_by_name(14, "train") | faces_by_name(7, "test", seed=5)
    path = tmp_path / "faces.tgz"
    path.write_bytes(tar_of(files | {"../evil/happy/1.png": b"x", "train/sad/.hidden.png": b"x"}, mode))
    dataset = read_dataset(path)
    assert sorted(dataset.names) == sorted(files)
    assert [item.where for item in dataset.skipped] == ["../evil/happy/1.png"]


def test_links_and_devices_in_a_tar_are_not_followed(tmp_path):
    buffer = io.BytesIO(tar_of(faces_by_name(7), "w"))
    with tarfile.open(fileobj=buffer, mode="a") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE):
            member = tarfile.TarInfo(f"train/happy/{kind.decode()}.png")
            member.type, member.linkname = kind, "/etc/passwd"
            archive.addfile(member)
    path = tmp_path / "faces.tar"
    path.write_bytes(buffer.getvalue())
    dataset = read_dataset(path)
    assert len(dataset) == 7
    assert {item.reason for item in dataset.skipped} == {"Links are not followed."}


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_header_of_a_tar_without_an_end_is_not_read(tmp_path, monkeypatch, kind):
    member = tarfile.TarInfo("x")
    member.type, member.size = kind, 50_000_000
    path = tmp_path / "faces.tar.gz"
    path.write_bytes(gzip.compress(member.tobuf() + bytes(50_000_000) + tar_of(faces_by_name(7), "w")))
    sizes = []
    for name in ("_proc_pax", "_proc_gnulong"):
        monkeypatch.setattr(tarfile.TarInfo, name, lambda self, archive: sizes.append(self.size))
    with pytest.raises(DatasetError, match=r"could not be read to its end|A line is longer"):
        read_dataset(path)
    assert sizes == []


def test_a_damaged_tar_is_one_sentence(tmp_path):
    data = tar_of(faces_by_name(21), "w:gz")
    path = tmp_path / "faces.tar.gz"
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(DatasetError, match="could not be read to its end"):
        read_dataset(path)


@pytest.mark.parametrize("side", [32, 64, 224])
def test_faces_of_another_size_become_48x48_and_this_is_said(tmp_path, side):
    large = np.stack([cv2.resize(image, (side, side)) for image in IMAGES])
    path = tmp_path / "faces.csv"
    path.write_text(rewritten(images=large))
    dataset, note = read_with_note(path)
    assert f"{side}x{side} pixels and become 48x48" in note
    assert np.abs(dataset.images.astype(int) - IMAGES).mean() < 12


def test_shares_of_white_become_grey_values_and_this_is_said(tmp_path):
    path = tmp_path / "faces.csv"
    path.write_text(rewritten(lambda image: " ".join(f"{value / 255:.4f}" for value in image.ravel())))
    dataset, note = read_with_note(path)
    assert "0 to 1, become 0 to 255" in note
    assert np.array_equal(dataset.images, IMAGES)


@pytest.mark.parametrize("as_zip", [False, True])
def test_tables_called_train_and_test_are_the_splits(tmp_path, as_zip):
    other = generate(7, seed=9)
    files = {
        "train.csv": csv_text(IMAGES, LABELS, ["x"] * 14)
        .replace(",x\n", "\n")
        .replace(",Usage", "")
        .encode(),
        "test.csv": csv_text(*other, ["x"] * 7).replace(",x\n", "\n").replace(",Usage", "").encode(),
    }
    source = write_folder(tmp_path / "faces", files)
    if as_zip:
        source = tmp_path / "faces.zip"
        source.write_bytes(zip_bytes(files))
    dataset = read_dataset(source)
    assert sorted(dataset.splits) == ["test"] * 7 + ["train"] * 14
    assert np.array_equal(dataset.images[dataset.splits == "train"], IMAGES)


def test_of_several_tables_what_is_left_aside_is_said(tmp_path):
    part = csv_text(IMAGES, LABELS, ["x"] * 14).replace(",x\n", "\n").replace(",Usage", "")
    files = {"train.csv": part, "test.csv": "pixels\n" + numbers(IMAGES[0]), "icml.csv": TEXT}
    source = write_folder(tmp_path / "faces", {name: text.encode() for name, text in files.items()})
    with open_source(source) as opened:
        assert opened.plan.left_out == [
            "test.csv has pixels and no column of labels (it has: pixels) and is left out.",
            "train.csv is left aside, as icml.csv says the splits.",
        ]


def test_an_eighth_class_is_asked_for_and_can_be_left_out(tmp_path):
    path = tmp_path / "ck.csv"
    path.write_text(TEXT + f"7,{numbers(IMAGES[0])},Training\n")
    with pytest.raises(DatasetError, match="numbered 0 to 7"):
        read_dataset(path)
    with open_source(path, Answers.parse(labels="fer2013")) as opened:
        items = list(opened.items)
        assert "7 (1 pictures)" not in opened.plan.left_out[0]
        assert opened.plan.left_out == ["7 (1 picture) stands for none of the seven and is left out."]
    assert sum(hasattr(item, "label") for item in items) == 14


def test_rubbish_behind_the_end_of_a_table_is_skipped(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text(TEXT + "\n\n,,,,,\n@inproceedings{x, a, b, c, d}\n")
    dataset = read_dataset(path)
    assert len(dataset) == 14
    assert len(dataset.skipped) == 1


@pytest.mark.parametrize("packed", [False, True])
def test_a_line_without_an_end_is_never_held(tmp_path, monkeypatch, packed):
    monkeypatch.setattr(lines, "MAX_LINE", 3_000_000)
    data = b"emotion,pixels,Usage\n" + bytes(30_000_000)
    path = tmp_path / "bomb"
    path.write_bytes(zip_bytes({"bomb.csv": data}) if packed else data)
    longest = 0
    decode = io.IncrementalNewlineDecoder.decode

    class Decoder(io.IncrementalNewlineDecoder):
        def decode(self, block, final=False):
            nonlocal longest
            longest += len(block)
            return decode(self, block, final)

    monkeypatch.setattr("io.IncrementalNewlineDecoder", Decoder)
    with pytest.raises(DatasetError, match="A line is longer than 3,000,000 characters"):
        read_dataset(path)
    assert longest < 12_000_000


@pytest.mark.parametrize("kind", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_cannot_be_unpacked_step_by_step_is_not_unpacked(tmp_path, monkeypatch, kind):
    """Some hundred bytes of bzip2 hold a gigabyte of zeros, and come as one."""
    path = tmp_path / "faces.zip"
    with zipfile.ZipFile(path, "w", kind) as archive:
        archive.writestr("fer.csv", DATA)
    monkeypatch.setattr(zipfile.ZipFile, "open", None)  # nothing is unpacked
    with pytest.raises(DatasetError, match=r"fer.csv: It is packed in an unusual way; pack the zip as usual"):
        read_dataset(path)


def test_a_pointer_of_git_lfs_is_named(tmp_path):
    path = tmp_path / "fer2013.csv"
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 264883338\n")
    with pytest.raises(DatasetError, match="only a pointer of Git LFS"):
        read_dataset(path)


@pytest.mark.parametrize(
    ("pixels", "reason"),
    [
        (lambda image: numbers(np.repeat(image, 3)), "6,912 pixels, .* grey and not of three colours"),
        (lambda image: numbers(image / 127.5 - 1, form="{:.3f}"), "no whole numbers from 0 to 255"),
    ],
)
def test_a_table_without_a_face_is_named_before_it_is_read(tmp_path, pixels, reason):
    path = tmp_path / "faces.csv"
    path.write_text(rewritten(pixels))
    with (
        pytest.raises(DatasetError, match=f"faces.csv: None of its rows has a face. .*{reason}"),
        open_source(path),
    ):
        pass


def test_columns_that_are_not_used_are_named(tmp_path):
    path = tmp_path / "faces.csv"
    path.write_text("\n".join(f"{row},1" for row in TEXT.splitlines()).replace("Usage,1", "Usage,is_train"))
    with open_source(path) as opened:
        assert opened.plan.assumed == ["faces.csv has columns that are not used: is_train."]
