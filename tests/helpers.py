"""What several rooms' tests share: patience, programs that go at once, small pictures and datasets."""

import io
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from emotion import paths
from emotion.labels import EMOTIONS
from emotion.synthetic.faces import generate

# So many seconds a test waits for what must come, and then fails; no machine that works is so slow.
PATIENCE = 600.0


# A program that goes on until its input is closed, by which the app cancels a job.
UNTIL_CANCELLED = "import sys; sys.stdin.read(); sys.exit(1)"


def wait_until(holds: Callable[[], object]) -> None:
    """Return once it holds."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, "it does not come true"
        time.sleep(0.02)


def png_bytes(image: np.ndarray) -> bytes:
    """Encode grey (height, width) or RGB (height, width, 3)."""
    bgr = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    return cv2.imencode(".png", bgr)[1].tobytes()


def faces_by_name(count: int = 21, split: str = "train", seed: int = 0) -> dict[str, bytes]:
    """Drawn faces as PNG files, named `<split>/<emotion>/<number>.png`."""
    images, labels = generate(count, seed)
    return {
        f"{split}/{EMOTIONS[label]}/{number:03d}.png": png_bytes(image)
        for number, (image, label) in enumerate(zip(images, labels, strict=True))
    }


def write_folder(root: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def zip_bytes(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def csv_text(images: np.ndarray, labels: np.ndarray, usages: list[str]) -> str:
    """Write faces as the challenge does: emotion,pixels,Usage; by names where not all numbers are there.

    What numbers mean is known of all seven alone.
    """
    lines = ["emotion,pixels,Usage"]
    has_all = set(np.asarray(labels).tolist()) == set(range(len(EMOTIONS)))
    for image, number, usage in zip(images, labels, usages, strict=True):
        label = number if has_all else EMOTIONS[number]
        lines.append(f"{label},{' '.join(map(str, image.ravel()))},{usage}")
    return "\n".join(lines) + "\n"


def at_once(code: str, *arguments: str, count: int = 3) -> list[str]:
    """Let several programs go at the same moment, and return what each prints.

    Each reads a line from its input before it goes; its last argument is its number.
    """
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", code, *arguments, str(number)],
            cwd=paths.PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for number in range(count)
    ]  # fmt: skip
    for program in programs:
        program.stdin.write("go\n")
        program.stdin.flush()
    outputs = [program.communicate(timeout=PATIENCE)[0].strip() for program in programs]
    assert [program.returncode for program in programs] == [0] * count
    return outputs
