"""Write a dataset face by face, beside the others, and let it appear whole or not at all."""

import os
import re
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp
from types import TracebackType
from typing import BinaryIO

import numpy as np
from numpy.lib import format as npy_format

from emotion.dataset.face_dataset import DatasetError, FaceDataset, SkippedItem
from emotion.dataset.splits import settle_splits
from emotion.dataset.stored_dataset import (
    IMAGES,
    INDEX,
    REPORT,
    DatasetDescription,
    StoredDataset,
    count_classes,
    read_stored,
    write_description,
)
from emotion.errors import FileError
from emotion.faces import FACE_SIZE
from emotion.files import PARTIAL, disk_errors, write_json

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
# A folder this young may belong to an import that has not yet locked it.
_GRACE_SECONDS = 5


def check_name(name: str) -> None:
    """Raise `DatasetError` unless `name` can be the name of a dataset and its folder."""
    if not _NAME.fullmatch(name) or name.endswith("."):
        raise DatasetError(
            f"{name[:60]!r} cannot be a dataset's name; use up to 60 letters, digits, '-', '_' and '.'."
        )


class DatasetWriter:
    """Write one dataset; used as a context manager, which removes what is not published.

    What it writes lies in a folder of its own until `publish` renames it: a crash, a cancelled import
    or a full disk leaves no dataset, and of two imports of one name exactly one is published.

    Args:
        target: the dataset's folder to be.

    Raises:
        DatasetError: the name is taken.
        FileError: the disk refuses, now or later.
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        self._refuse_if_taken()
        with disk_errors(f"Nothing can be written to {target.parent}"):
            target.parent.mkdir(parents=True, exist_ok=True)
            self.folder = Path(mkdtemp(prefix=PARTIAL, dir=target.parent))
            self._images: BinaryIO = (self.folder / IMAGES).open("wb")
        if fcntl:
            fcntl.flock(self._images, fcntl.LOCK_EX)  # the process's end, however hard, gives it back
        self._labels: list[int] = []
        self._splits: list[str] = []
        self._names: list[str] = []
        self._write_header()

    def __enter__(self) -> "DatasetWriter":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._images.close()
        shutil.rmtree(self.folder, ignore_errors=True)  # gone already where it was published
        if isinstance(error, OSError):
            raise FileError(f"The dataset could not be written to disk: {error.strerror}.") from error

    def __len__(self) -> int:
        return len(self._labels)

    def labels(self) -> np.ndarray:
        """Return the labels so far, int8 (n,)."""
        return np.array(self._labels, dtype=np.int8)

    def add(self, image: np.ndarray, label: int, split: str, name: str) -> None:
        """Append one face.

        Args:
            image: uint8 (48, 48).
            label: 0 to 6.
            split: "train", "validation", "test", or "" where the source does not say.
            name: what it is called in the source.
        """
        self._images.write(image.tobytes())
        self._labels.append(label)
        self._splits.append(split)
        self._names.append(name)

    def complete(self, source: str, skipped: tuple[SkippedItem, ...]) -> StoredDataset:
        """Write all the rest and open the dataset where it stands; it still has to be published.

        Args:
            source: the name of what was imported.
            skipped: what was left out.
        """
        self._write_header()
        self._images.flush()
        images = np.load(self.folder / IMAGES, mmap_mode="r")
        labels = self.labels()
        splits, note = settle_splits(np.array(self._splits, dtype="U10"), labels, images)
        index = np.empty(
            len(labels), dtype=[("split", "U10"), ("label", "i1"), ("name", np.array(self._names).dtype)]
        )
        index["split"], index["label"], index["name"] = splits, labels, self._names
        np.save(self.folder / INDEX, index)
        write_json(self.folder / REPORT, [(item.where, item.reason) for item in skipped])
        description = DatasetDescription(
            name=self.target.name,
            source=source,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            split_note=note,
            fingerprint=FaceDataset(images, labels, splits, index["name"]).fingerprint(),
            counts=count_classes(labels, splits),
            skipped=len(skipped),
            has_votes=False,
        )
        write_description(self.folder, description)
        return read_stored(self.folder)

    def publish(self) -> None:
        """Let the dataset appear under its name.

        Raises:
            DatasetError: another import of that name was faster.
        """
        self._images.flush()
        os.fsync(self._images.fileno())
        self._images.close()
        self.folder.chmod(0o755)  # mkdtemp's folders are for their owner alone
        self._refuse_if_taken()
        try:
            self.folder.rename(self.target)
        except OSError:
            self._refuse_if_taken()
            raise

    def _refuse_if_taken(self) -> None:
        if self.target.exists():
            raise DatasetError(
                f"There is already a dataset called {self.target.name!r}; "
                f"choose another name, or delete that one first."
            )

    def _write_header(self) -> None:
        """Write or renew the header of images.npy, which NumPy pads so that any count fits in."""
        shape = (len(self), FACE_SIZE, FACE_SIZE)
        header = {"descr": "|u1", "fortran_order": False, "shape": shape}
        self._images.seek(0)
        npy_format.write_array_header_1_0(self._images, header)
        self._images.seek(0, os.SEEK_END)


def remove_abandoned(root: Path) -> None:
    """Remove what imports that were killed left behind in the folder of all datasets."""
    for folder in root.glob(f"{PARTIAL}*"):
        if _is_abandoned(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_abandoned(folder: Path) -> bool:
    try:
        if time.time() - folder.stat().st_mtime < _GRACE_SECONDS:
            return False
        if fcntl is None:
            return True  # Windows does not remove files that an import has open
        with (folder / IMAGES).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    except FileNotFoundError:
        return True
    except OSError:
        return False
