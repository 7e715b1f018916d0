"""Measure this product beside `fer`, a widely used library for the same task: speed, cold start, memory.

    python benchmarks/peers.py [--fer-python PATH] [--mtcnn] [--rounds 20] [--starts 5] [--json]

Installs nothing. `fer` brings another build of OpenCV and other versions of much else, so give it an
environment of its own (some 7 GB) and name its interpreter:

    python -m venv fer-env && fer-env/bin/pip install fer
    python benchmarks/peers.py --fer-python fer-env/bin/python

Without `fer`, this product is measured alone. Each library answers in a process of its own, with its own
settings for threads; they take turns, photograph by photograph. A ratio is what fer takes over what this
product takes.

- A photograph: from the decoded array to the list of faces with seven probabilities each, which is
  `Analyzer().analyze(rgb)` here and `FER().detect_emotions(bgr)` there; with `--mtcnn` also its other way of
  finding faces. Photographs show NASA's portrait of Eileen Collins (public domain), one or five times.
- Cold start: from the start of a process to its first answer, for one photograph of 640x480; the files are in
  the system's cache.
- Memory: the most that the process has held after all photographs; on Linux and macOS.

Compare how many faces were found as well: who looks less closely is sooner done. The aim is to be at least
10 times as fast for each photograph, and to answer within 1 second of a cold start.
"""

# Worker processes run this file under fer's interpreter, too: only the standard library is imported here.
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

# In place of this folder, whose files must not pass for modules that fer's dependencies look for.
sys.path[0] = str(Path(__file__).resolve().parents[1])

SIZES = ((640, 480), (1920, 1080))
COLUMNS = {1: 1, 5: 3}  # how faces are laid out, by their number
VARIANTS = 4  # photographs a case, the faces in other places
AIM_RATIO, AIM_START = 10, 1  # times as fast, seconds

OURS, FER, MTCNN = "ours", "fer", "fer, MTCNN"
ALONE = (
    "fer is not installed, so this product is measured alone: install fer in an environment of its own with "
    "'python -m venv fer-env && fer-env/bin/pip install fer', and name its interpreter with --fer-python."
)


# --- a worker: loads one library, then answers photograph after photograph ----------------------------------


def serve(library: str, model: str) -> None:
    """Answer each line of standard input, the path of a photograph, with one JSON object."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the libraries print must not get between the answers
    analyze = load_ours(model) if library == OURS else load_fer(mtcnn=library == MTCNN)
    import cv2
    import numpy as np

    for line in sys.stdin:
        picture = np.asarray(cv2.imread(line.rstrip("\n")))
        if library == OURS:
            picture = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
        started = time.perf_counter()
        faces = analyze(picture)
        taken = time.perf_counter() - started
        answer = {"milliseconds": 1000 * taken, "faces": len(faces), "megabytes": peak_megabytes()}
        print(json.dumps(answer), file=answers, flush=True)


def load_ours(model: str):
    """Return a function from RGB uint8 (height, width, 3) to the faces."""
    from emotion.models.classifier import Classifier
    from emotion.models.registry import model_folder
    from emotion.photos.analysis import Analyzer

    analyzer = Analyzer(Classifier(model_folder(model)))
    return lambda picture: analyzer.analyze(picture).faces


def load_fer(mtcnn: bool):
    """Return a function from BGR uint8 (height, width, 3) to the faces."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import fer.fer  # FER is here in all versions; the package itself no longer has it

    return fer.fer.FER(mtcnn=mtcnn).detect_emotions


def peak_megabytes() -> float | None:
    """Return the most memory this process has held; None on systems that do not tell."""
    if sys.platform == "linux":
        # Not `ru_maxrss`: on Linux that begins with what the parent held.
        lines = Path("/proc/self/status").read_text().splitlines()
        return next((int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmHWM")), None)
    if sys.platform == "darwin":
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return None


# --- the parent: makes the photographs, asks the workers in turn --------------------------------------------


class Worker:
    """One library in a process of its own, started by a command, running as long as the `with` block."""

    def __init__(self, command: list[str]) -> None:
        self._command = command

    def __enter__(self) -> "Worker":
        self._messages = tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._messages, text=True
        )
        return self

    def ask(self, photograph: Path) -> dict:
        """Return the worker's answer for one photograph.

        Raises:
            SystemExit: the process has ended; with the last of what it said.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(f"{photograph}\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if line:
            return json.loads(line)
        self._process.wait()
        self._messages.seek(0)
        said = self._messages.read().decode(errors="replace")[-2000:]
        raise SystemExit(f"A worker has ended: {' '.join(self._command)}\n{said}")

    def __exit__(self, *error: object) -> None:
        self._process.kill()  # it has nothing to finish
        self._process.communicate()
        self._messages.close()


def make_photographs(folder: Path) -> dict[str, list[Path]]:
    """Write the photographs of each case as PNG files, and return their paths."""
    import cv2
    import numpy as np

    from emotion.images import decode_image
    from emotion.photos.examples import example_pictures

    pictures = {example.name: example for example in example_pictures()}
    astronaut = cv2.cvtColor(decode_image(pictures["astronaut.png"].load()), cv2.COLOR_RGB2BGR)
    chance = np.random.default_rng(0)
    paths: dict[str, list[Path]] = {}
    for faces, columns in COLUMNS.items():
        rows = -(-faces // columns)
        for width, height in SIZES:
            cell_width, cell_height = width // columns, height // rows
            side = round(0.85 * min(cell_width, cell_height))
            portrait = cv2.resize(astronaut[:330, 60:390], (side, side), interpolation=cv2.INTER_AREA)
            case = paths.setdefault(f"{faces} face{'s' * (faces > 1)}, {width}x{height}", [])
            for variant in range(VARIANTS):
                # A plain background suits fer: its cascade is done with it at the first stages.
                photograph = np.full((height, width, 3), (145, 150, 150), np.uint8)
                for face in range(faces):
                    x = face % columns * cell_width + chance.integers(cell_width - side + 1)
                    y = face // columns * cell_height + chance.integers(cell_height - side + 1)
                    photograph[y : y + side, x : x + side] = portrait
                case.append(folder / f"{faces}-{width}-{variant}.png")
                cv2.imwrite(str(case[-1]), photograph)
    return paths


def measure_photographs(commands: dict, photographs: dict[str, list[Path]], rounds: int) -> tuple[dict, dict]:
    """Return the answers by case and library, and the megabytes of each library after all of them."""
    answers: dict = {case: {name: [] for name in commands} for case in photographs}
    with ExitStack() as stack:
        workers = {name: stack.enter_context(Worker(command)) for name, command in commands.items()}
        for number in range(-VARIANTS, rounds):  # the first look at each photograph does not count
            for case, paths in photographs.items():
                for name, worker in workers.items():
                    answer = worker.ask(paths[number % VARIANTS])
                    if number >= 0:
                        answers[case][name].append(answer)
    return answers, {name: answers[case][name][-1]["megabytes"] for name in commands}


def measure_starts(commands: dict, photograph: Path, starts: int) -> dict[str, list[float]]:
    """Return the seconds from the start of a process to its first answer, by library."""
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(starts):
        for name, command in commands.items():
            started = time.perf_counter()
            with Worker(command) as worker:
                worker.ask(photograph)
                taken[name].append(time.perf_counter() - started)
    return taken


def summarise(answers: dict, starts: dict, megabytes: dict) -> dict:
    """Return medians by measure and library; `ratio` is what a library takes over what this one takes."""
    measures: dict = {}
    for case, by_library in answers.items():
        measures[case] = {
            name: {
                "milliseconds": round(statistics.median(answer["milliseconds"] for answer in given), 2),
                "faces": round(statistics.mean(answer["faces"] for answer in given), 2),
            }
            for name, given in by_library.items()
        }
    measures["cold start"] = {
        name: {"seconds": round(statistics.median(taken), 3)} for name, taken in starts.items()
    }
    if all(megabytes.values()):
        measures["memory"] = {name: {"megabytes": round(value)} for name, value in megabytes.items()}
    for by_library in measures.values():
        unit = next(iter(by_library[OURS]))
        for name in by_library.keys() - {OURS}:
            by_library[name]["ratio"] = round(by_library[name][unit] / by_library[OURS][unit], 1)
    return measures


def print_table(measures: dict) -> None:
    """Print one line a measure, the libraries side by side, and how that compares with the aims."""
    names = list(measures["cold start"])
    print(f"{'':18}" + "".join(f"{name:>20}{'' if name == OURS else ' ' * 13}" for name in names).rstrip())
    formats = {"milliseconds": "{:8.1f} ms", "seconds": "{:8.2f} s ", "megabytes": "{:8.0f} MB"}
    for measure, by_library in measures.items():
        line = f"{measure:18}"
        for figures in by_library.values():
            unit = next(iter(figures))
            line += formats[unit].format(figures[unit])
            line += f"{figures['faces']:4.1f} faces" if "faces" in figures else " " * 10
            line += f"  {figures['ratio']:5.1f} times" if "ratio" in figures else ""
        print(line.rstrip())
    for name in names[1:]:
        ratios = [row[name]["ratio"] for row in measures.values() if "faces" in row[name]]
        print(f"{min(ratios)} to {max(ratios)} times as fast a photograph as {name}; the aim is {AIM_RATIO}")
    start = measures["cold start"][OURS]["seconds"]
    print(f"{start:.2f} s from a cold start to the first answer; the aim is below {AIM_START} s")


def fer_version(interpreter: str) -> str | None:
    """Return the version of `fer` that an interpreter can import, or None."""
    code = "from importlib.metadata import version; print(version('fer'))"
    try:
        process = subprocess.run([interpreter, "-c", code], capture_output=True, text=True)
    except OSError:
        return None
    return process.stdout.strip() or None


def read_command_line() -> argparse.Namespace:
    """Return the options; but for a worker, with `model`, and `fer_version` (None where it is missing)."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--fer-python", metavar="PATH", help="the interpreter for which fer is installed")
    parser.add_argument("--mtcnn", action="store_true", help="measure fer with MTCNN, too")
    parser.add_argument("--model", help="of this product; default: the active one")
    parser.add_argument("--rounds", type=int, default=20, help="photographs a case")
    parser.add_argument("--starts", type=int, default=5, help="cold starts of each library")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--worker", choices=(OURS, FER, MTCNN), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        return options
    if min(options.rounds, options.starts) < 1:
        parser.error("--rounds and --starts are at least 1")
    from emotion.models.card import ModelError
    from emotion.models.registry import active_model, model_folder

    try:
        options.model = options.model or active_model()
        model_folder(options.model)
    except ModelError as error:
        parser.error(str(error))
    options.fer_version = fer_version(options.fer_python or sys.executable)
    if options.fer_python and options.fer_version is None:
        parser.error(f"{options.fer_python} is no interpreter for which fer is installed")
    return options


def main() -> None:
    """Print medians and ratios."""
    options = read_command_line()
    if options.worker:
        serve(options.worker, options.model)
        return
    program = str(Path(__file__).resolve())
    commands = {OURS: [sys.executable, program, "--model", options.model, "--worker", OURS]}
    if options.fer_version is None:
        print(ALONE, file=sys.stderr)
    else:
        for name in (FER, MTCNN)[: 1 + options.mtcnn]:
            commands[name] = [options.fer_python or sys.executable, program, "--worker", name]
    result = {
        "cpus": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "model": options.model,
        "fer_version": options.fer_version,
    }
    with tempfile.TemporaryDirectory() as folder:
        photographs = make_photographs(Path(folder))
        answers, megabytes = measure_photographs(commands, photographs, options.rounds)
        starts = measure_starts(commands, next(iter(photographs.values()))[0], options.starts)
    measures = summarise(answers, starts, megabytes)
    if options.json:
        print(json.dumps(result | {"measures": measures}))
        return
    print(", ".join(f"{name}: {value}" for name, value in result.items()))
    print(f"medians of {options.rounds} photographs and {options.starts} cold starts; mean of faces found")
    print_table(measures)


if __name__ == "__main__":
    main()
