"""Measure how often somebody who comes back to a film gets the old number, on drawn people.

    python benchmarks/identity.py [--people 60] [--looks 8] [--trials 4000] [--json]

Each drawn person is seen several times in one light: with any expression, the head held a little otherwise,
noise, and an exposure up to 3 % off. In a trial, four people are known by four looks each. One of the four
comes back, and a fifth comes for the first time, each with three new looks; `emotion.video.identity.People`
says who that is.
"""

import argparse
import json
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from emotion.labels import EMOTIONS
from emotion.live.detection import LiveDetector
from emotion.synthetic import faces
from emotion.synthetic.canvas import Canvas
from emotion.synthetic.look import Pose
from emotion.synthetic.painter import paint_person
from emotion.video import identity

SIZE, KNOWN, LOOKS_KNOWN, LOOKS_NEW = 220, 4, 4, 3


def picture_of(person: int, random: np.random.Generator) -> np.ndarray:
    """Return RGB uint8 (220, 220, 3): a person, at some moment, before the same wall as everyone."""
    look, actions, _ = faces._cast(EMOTIONS[random.integers(len(EMOTIONS))], person, 0.85)
    across, up, nearer, roll, yaw, pitch = random.uniform(-1, 1, 6)
    pose = Pose(
        unit=0.262 * (1 + 0.1 * nearer), center=(0.5 + 0.05 * across, 0.45 + 0.01 * up),
        roll=0.12 * roll, yaw=0.1 * yaw, pitch=0.03 * pitch, light=0.6,
    )  # fmt: skip
    canvas = Canvas(2 * SIZE, pose)
    paint_person(canvas, replace(look, background=(170, 170, 170)), actions)
    drawn = cv2.resize(canvas.pixels, (SIZE, SIZE), interpolation=cv2.INTER_AREA).astype(np.float32)
    drawn = drawn * random.uniform(0.97, 1.03) + random.normal(0, 5, drawn.shape)
    return np.clip(drawn, 0, 255).astype(np.uint8)


def looks_of(person: int, count: int, detector: LiveDetector, random: np.random.Generator) -> np.ndarray:
    """Return what the person looks like, (n, 88), n up to `count`: as often as the face is found."""
    looks = []
    for _ in range(count):
        picture = picture_of(person, random)
        found = detector.find(picture, [], search=True)
        if len(found) == 1:
            looks.append(identity.appearance(picture, found[0]))
    return np.array(looks)


def ask(people: list[np.ndarray], random: np.random.Generator) -> tuple[str, str]:
    """Return what becomes of one who comes back, and of a newcomer."""
    chosen = random.choice(len(people), KNOWN + 1, replace=False)
    looks = [people[index][random.permutation(len(people[index]))] for index in chosen]

    def known() -> identity.People:
        film = identity.People()
        for each in looks[:KNOWN]:
            number = len(film) + 1
            film.add(each[:LOOKS_KNOWN])
            film.see(number, each[0], 0.0)
        return film

    new = slice(LOOKS_KNOWN, LOOKS_KNOWN + LOOKS_NEW)
    returned = known().recall(list(looks[0][new]), since=1.0)
    newcomer = known().recall(list(looks[KNOWN][new]), since=1.0)
    back = "old number" if returned == 1 else "new number" if returned > KNOWN else "another's"
    return back, "new number" if newcomer > KNOWN else "another's"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=60)
    parser.add_argument("--looks", type=int, default=8)
    parser.add_argument("--trials", type=int, default=4000)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    arguments = parser.parse_args()
    random, detector = np.random.default_rng(0), LiveDetector()
    drawn = [looks_of(1000 + person, arguments.looks, detector, random) for person in range(arguments.people)]
    people = [looks for looks in drawn if len(looks) >= LOOKS_KNOWN + LOOKS_NEW]
    back, first = (
        Counter(each) for each in zip(*(ask(people, random) for _ in range(arguments.trials)), strict=True)
    )
    found = {
        "people": len(people),
        "came back": {
            name: round(back[name] / arguments.trials, 4)
            for name in ("old number", "new number", "another's")
        },
        "came first": {
            name: round(first[name] / arguments.trials, 4) for name in ("new number", "another's")
        },
    }
    if arguments.json:
        print(json.dumps(found))
        return
    for title in ("came back", "came first"):
        print(f"{title}: " + ", ".join(f"{name} {share:.1%}" for name, share in found[title].items()))


if __name__ == "__main__":
    main()
