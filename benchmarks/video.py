"""Measure how fast films become recordings, how much of that is decoding, and what memory it takes.

    python benchmarks/video.py [--minutes 1 10] [--size 1920 1080] [--faces 2]
        [--sampling "every frame"] [--json]

The film is made here: ten seconds of drawn people, H.264 at 30 frames a second, written behind itself as
often as its length asks for. Each figure is of a process of its own, which records five frames a second, and
every frame. Memory is the process's largest resident set, the model included.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.video.films import looped, write_film

SAMPLINGS = {"5 frames a second": "Sampling(fps=5)", "every frame": "Sampling()"}
RATE, SECONDS = 30, 10

RECORD = """
import json, os, resource, sys, tempfile, time
from pathlib import Path
from emotion.video.decoding import FilmReader
from emotion.video.film import Film
from emotion.video.recorder import RecordingOptions, record_film
from emotion.video.sampling import Sampling
path, sampling, decode_only = Path(sys.argv[1]), eval(sys.argv[2]), sys.argv[3] == "decode"
with tempfile.TemporaryDirectory() as home:
    os.environ["EMOTION_HOME"] = home
    started = time.perf_counter()
    if decode_only:
        with Film(path) as film:
            frames = sum(1 for _ in FilmReader(film, sampling))
    else:
        frames = record_film(path, RecordingOptions(sampling)).frames
    taken = time.perf_counter() - started
unit = 1 if sys.platform == "darwin" else 1024
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
print(json.dumps({"frames": frames, "seconds": taken, "memory": memory}))
"""


def ten_seconds(path: Path, size: tuple[int, int], faces: int) -> Path:
    """Write the film that is repeated: people who smile, are surprised, are sad, and sway a little."""
    import cv2
    import numpy as np

    from emotion.synthetic.faces import draw_portrait

    side = min(size[0] // faces, size[1]) * 9 // 10
    emotions = ("happy", "surprise", "sad", "neutral", "happy")
    portraits = {
        (face, emotion): draw_portrait(emotion, face + 2, side)
        for face in range(faces)
        for emotion in emotions
    }

    def pictures():
        for number in range(RATE * SECONDS):
            picture = np.full((size[1], size[0], 3), 150, np.uint8)
            sway = round(0.04 * side * np.sin(2 * np.pi * number / (RATE * 2.5)))
            for face in range(faces):
                left = face * size[0] // faces + side // 20 + sway
                left = min(max(0, left), size[0] - side)
                portrait = portraits[face, emotions[number * len(emotions) // (RATE * SECONDS)]]
                picture[size[1] - side :, left : left + side] = portrait
            noise = np.random.default_rng(number).integers(0, 8, (size[1] // 4, size[0] // 4, 1), np.uint8)
            yield cv2.add(picture, cv2.resize(noise, size)[..., None].repeat(3, axis=2))

    times = [number / RATE for number in range(RATE * SECONDS)]
    return write_film(path, pictures(), times, options={"preset": "veryfast", "bf": "2", "g": "60"})


def measure(path: Path, sampling: str, what: str) -> dict:
    """Return frames, seconds and bytes of a process that records a film, or only decodes it."""
    process = subprocess.run(
        [sys.executable, "-c", RECORD, str(path), sampling, what],
        capture_output=True, text=True, check=True, cwd=Path(__file__).resolve().parents[1],
    )  # fmt: skip
    return json.loads(process.stdout.splitlines()[-1])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=int, nargs="+", default=[1, 10])
    parser.add_argument("--size", type=int, nargs=2, default=[1920, 1080], metavar=("WIDTH", "HEIGHT"))
    parser.add_argument("--faces", type=int, default=2)
    parser.add_argument("--sampling", choices=SAMPLINGS, nargs="+", default=list(SAMPLINGS))
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    found = []
    with tempfile.TemporaryDirectory() as folder:
        short = ten_seconds(Path(folder) / "short.mp4", tuple(arguments.size), arguments.faces)
        for minutes in arguments.minutes:
            path = looped(Path(folder) / f"{minutes}.mp4", short, 60 * minutes // SECONDS)
            for title in arguments.sampling:
                started = time.perf_counter()
                all_of_it, decoding = (measure(path, SAMPLINGS[title], what) for what in ("record", "decode"))
                found.append(
                    {
                        "minutes": minutes,
                        "sampling": title,
                        "frames": all_of_it["frames"],
                        "times_real_time": round(60 * minutes / all_of_it["seconds"], 2),
                        "decoding_share": round(decoding["seconds"] / all_of_it["seconds"], 3),
                        "memory_mb": round(all_of_it["memory"] / 1e6),
                    }
                )
                print(f"{found[-1]} ({time.perf_counter() - started:.0f} s)", file=sys.stderr)
            path.unlink()
    if arguments.json:
        print(json.dumps({"size": arguments.size, "faces": arguments.faces, "measured": found}))
        return
    print(f"{'film':>8}  {'looked at':18}{'times real time':>16}{'decoding':>10}{'memory':>9}")
    for row in found:
        print(
            f"{row['minutes']:>4} min  {row['sampling']:18}{row['times_real_time']:>16}"
            f"{row['decoding_share']:>10.0%}{row['memory_mb']:>6} MB"
        )


if __name__ == "__main__":
    main()
