"""Measure how long importing a dataset takes, with how much memory, and how soon it opens.

    python benchmarks/dataset.py SOURCE [--rounds 3] [--json]

SOURCE is a zip of labelled pictures. Import and opening take turns with a baseline: a plain loop of
Pillow over the same pictures into one array, and reading that array from disk. Each round runs in
processes of its own, below a folder of its own. Needs Linux or macOS (peak memory).
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]

# Each prints one JSON object; the time of importing modules does not count.
COMMON = """
import json, resource, sys, time
from pathlib import Path
source, folder = sys.argv[1], Path(sys.argv[2])
def finish(started, **more):
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    print(json.dumps({"seconds": seconds, "megabytes": peak} | more))
"""
BASELINE = """
import io, zipfile
import numpy as np
from PIL import Image
started = time.perf_counter()
with zipfile.ZipFile(source) as archive:
    names = [name for name in archive.namelist() if name.lower().endswith((".png", ".jpg", ".jpeg"))]
    faces = np.stack([np.asarray(Image.open(io.BytesIO(archive.read(name))).convert("L").resize((48, 48)))
                      for name in names])
np.save(folder / "faces.npy", faces)
finish(started, faces=len(faces))
"""
IMPORT = """
from emotion.dataset.importing import import_dataset
started = time.perf_counter()
report = import_dataset(source, "measured", lambda progress: None)
finish(started, faces=report.description.faces)
"""
OPEN_BASELINE = """
import numpy as np
started = time.perf_counter()
np.load(folder / "faces.npy")
finish(started)
"""
OPEN = """
from emotion.dataset.store import open_dataset
started = time.perf_counter()
open_dataset("measured")
finish(started)
"""
NEAR_COPIES = """
from emotion.dataset.quality import find_near_copies
from emotion.dataset.store import open_dataset
dataset = open_dataset("measured")
started = time.perf_counter()
found = find_near_copies(dataset)
finish(started, groups=len(found.groups))
"""
STEPS = {
    "import_baseline": BASELINE,
    "import": IMPORT,
    "open_baseline": OPEN_BASELINE,
    "open": OPEN,
    "near_copies": NEAR_COPIES,
}


def run_step(code: str, source: Path, folder: Path) -> dict[str, float]:
    """Run one step in a process of its own and return what it printed."""
    environment = os.environ | {"EMOTION_HOME": str(folder), "PYTHONPATH": str(PROJECT)}
    process = subprocess.run(
        [sys.executable, "-c", COMMON + code, str(source), str(folder)],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(process.stdout.splitlines()[-1])


def main() -> None:
    """Print medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("source", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    rounds: dict[str, list[dict[str, float]]] = {name: [] for name in STEPS}
    for _ in range(arguments.rounds):
        with tempfile.TemporaryDirectory() as folder:
            for name, code in STEPS.items():
                rounds[name].append(run_step(code, arguments.source.resolve(), Path(folder)))
    medians = {
        name: {key: round(statistics.median(run[key] for run in runs), 4) for key in runs[0]}
        for name, runs in rounds.items()
    }
    ratios = {
        name: round(medians[name]["seconds"] / medians[f"{name}_baseline"]["seconds"], 2)
        for name in ("import", "open")
    }
    if arguments.json:
        print(json.dumps(medians | {"ratio": ratios}))
        return
    for name, values in medians.items():
        print(f"{name:16}{values['seconds']:9.3f} s {values['megabytes']:8.1f} MB at its peak")
    print(f"ratio to the baseline: import {ratios['import']}, open {ratios['open']}")


if __name__ == "__main__":
    main()
