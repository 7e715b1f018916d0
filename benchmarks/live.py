"""Measure live video: the processor alone, and with --end-to-end a browser's camera to its screen and back.

    python benchmarks/live.py [--frames 300] [--end-to-end] [--seconds 120] [--json]

The processor is given frames of 640x480 with one, three and seven moving faces (NASA's portrait of Eileen
Collins, public domain), one after the other, as fast as it takes them: milliseconds a frame, all stages.

End to end: a headless Chromium shows the page of the webcam a film with one moving face as its camera, on the
same machine; see tests/e2e/live_browser.py. Latency is from a frame's coming out of the camera to its coming
back annotated. Needs Chromium, and Linux with namespaces.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from emotion import paths
from emotion.images import read_image
from emotion.live.frames import LiveSettings
from emotion.live.session import LiveSession
from emotion.models.classifier import Classifier
from emotion.models.registry import active_model, model_folder
from tests.e2e.live_browser import SIZE, in_own_network, why_no_own_network

COLUMNS = {1: 1, 3: 3, 7: 4}
FRAME_RATE = 30
EXTRAS = LiveSettings(show_bars=True, show_map=True)


def film(faces: int, frames: int) -> list[np.ndarray]:
    """Return RGB uint8 (480, 640, 3) frames in which so many faces move about."""
    photograph = read_image(Path(find_spec("skimage").submodule_search_locations[0]) / "data/astronaut.png")
    columns = COLUMNS[faces]
    rows = -(-faces // columns)
    cell_width, cell_height = SIZE[0] // columns, SIZE[1] // rows
    side = round(0.85 * min(cell_width, cell_height))
    portrait = cv2.resize(photograph[:330, 60:390], (side, side), interpolation=cv2.INTER_AREA)
    made = []
    for number in range(frames):
        frame = np.full((SIZE[1], SIZE[0], 3), (150, 150, 145), np.uint8)
        for face in range(faces):
            turn = 2 * np.pi * number / 150 + face
            across, down = (1 + np.sin(turn)) / 2, (1 + np.sin(1.5 * turn)) / 2
            x = face % columns * cell_width + round(across * (cell_width - side))
            y = face // columns * cell_height + round(down * (cell_height - side))
            frame[y : y + side, x : x + side] = portrait
        made.append(frame)
    return made


def measure_processor(classifier: Classifier, faces: int, frames: int, settings: LiveSettings) -> dict:
    """Return milliseconds a frame, and what was seen."""
    session = LiveSession(classifier)
    session.settings = settings
    taken = []
    for index, frame in enumerate(film(faces, frames)):
        started = time.perf_counter()
        session.process(frame, index / FRAME_RATE)
        taken.append(1000 * (time.perf_counter() - started))
    report = session.report(with_samples=False)
    stats = report.stats
    return {
        "median_ms": round(statistics.median(taken), 2),
        "mean_ms": round(statistics.mean(taken), 2),
        "p95_ms": round(float(np.percentile(taken, 95)), 2),
        "detection_ms": round(stats.timings.detection, 2),
        "classification_ms": round(stats.timings.classification, 2),
        "drawing_ms": round(stats.timings.drawing, 2),
        "faces_numbered": len(report.faces),
        "frames_with_faces": stats.frames_with_faces,
    }


def measure_end_to_end(seconds: float) -> dict:
    """Return frames a second, latency and memory of the app with a browser before it.

    Raises:
        SystemExit: it cannot be measured here.
    """
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    reason = "there is no Chromium" if chromium is None else why_no_own_network()
    if reason or chromium is None:
        raise SystemExit(f"Cannot be measured end to end here: {reason}.")
    driver = [sys.executable, "-m", "tests.e2e.live_browser", "--seconds", str(seconds)]
    process = subprocess.run(
        in_own_network([*driver, "--chromium", chromium]), cwd=paths.PROJECT, capture_output=True, text=True
    )
    if process.returncode:
        raise SystemExit(process.stderr)
    seen = json.loads(process.stdout)
    session, delays = seen["session"], seen["latencies"]
    parts = [statistics.median(part) for part in np.array_split(delays, 4)]
    return {
        "seconds_to_first_answer": seen["seconds_to_first_answer"],
        "size": seen["size"],
        "processed_fps": round(session["frames"] / session["seconds"], 1),
        "returned_fps": round(statistics.median(seen["decoded_fps"]), 1),
        "slowest_fps": min(seen["decoded_fps"]),
        "dropped": session["dropped"],
        "latency_ms": {
            "median": round(statistics.median(delays), 1),
            "p95": round(float(np.percentile(delays, 95)), 1),
            "quarters": [round(float(part), 1) for part in parts],
        },
        "megabytes": {
            "first": seen["megabytes"][0],
            "last": seen["megabytes"][-1],
            "max": max(seen["megabytes"]),
        },
        "app_cores": seen["app_cores"],
        "frames": session["frames"],
        "frames_with_faces": session["frames_with_faces"],
        "faces_numbered": len(session["faces"]),
    }


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--end-to-end", action="store_true", help="measure with a browser, too")
    parser.add_argument("--seconds", type=float, default=120, help="how long to watch the browser")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    classifier = Classifier(model_folder(active_model()))
    cases = [(f"{faces} face{'s' * (faces > 1)}", faces, LiveSettings()) for faces in COLUMNS]
    cases.append(("1 face, bars and map", 1, EXTRAS))
    result: dict = {
        "cpus": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "processor": {
            name: measure_processor(classifier, faces, options.frames, settings)
            for name, faces, settings in cases
        },
    }
    if options.end_to_end:
        result["end_to_end"] = measure_end_to_end(options.seconds)
    if options.json:
        print(json.dumps(result))
        return
    print(f"{result['cpus']} processors, load {result['load']} before; milliseconds a frame of 640x480")
    for name, row in result["processor"].items():
        print(
            f"  {name:22} median {row['median_ms']:5.2f}   mean {row['mean_ms']:5.2f}"
            f"   95 % {row['p95_ms']:5.2f}   (detection {row['detection_ms']},"
            f" classification {row['classification_ms']}, drawing {row['drawing_ms']})"
        )
    for name, value in result.get("end_to_end", {}).items():
        print(f"  {name:24}{value}")


if __name__ == "__main__":
    main()
