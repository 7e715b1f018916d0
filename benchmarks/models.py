"""Measure how fast each model predicts that comes with the product, one face and sixteen at a time.

    python benchmarks/models.py [--model NAME ...] [--rounds 100] [--json]

Timed is `Classifier.predict`, as the pages and the command line call it: from uint8 crops (n, 48, 48) to
probabilities and activation maps in the order of the emotions; not the search for faces, nor the opening of
the model. With two threads, faces of one call are shared among two interpreters; a single face is one
thread's work whatever their number, so what its two lines differ by is the noise of the measurement.

In each round, every model predicts once in every way, one after another. Prints the median of the
milliseconds a face, and its ratio to the baseline: the first model with one thread and one face.
"""

import argparse
import json
import os
import statistics
import sys
import time
from itertools import product
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from emotion.models.card import LITERT_FILE, ModelError, read_card
from emotion.models.classifier import Classifier
from emotion.models.registry import SHIPPED_MODELS, model_folder
from emotion.synthetic.faces import generate

THREADS = (1, 2)
BATCHES = (1, 16)
WARM_UP = 3


def measure(folders: dict[str, Path], rounds: int) -> list[dict]:
    """Return one row a model, number of threads and number of faces, with milliseconds a face.

    Raises:
        ModelError: a folder holds no usable model.
    """
    faces, _ = generate(max(BATCHES))
    ways = {
        (name, threads, batch): Classifier(folder, threads=threads)
        for (name, folder), threads, batch in product(folders.items(), THREADS, BATCHES)
    }
    times: dict[tuple, list[float]] = {way: [] for way in ways}
    for number in range(-WARM_UP, rounds):
        for way, classifier in ways.items():
            batch = way[2]
            started = time.perf_counter()
            classifier.predict(faces[:batch])
            if number >= 0:
                times[way].append(1000 * (time.perf_counter() - started) / batch)
    medians = {way: statistics.median(taken) for way, taken in times.items()}
    baseline = next(iter(medians.values()))
    return [
        {
            "model": name,
            "threads": threads,
            "faces": batch,
            "milliseconds_per_face": round(median, 3),
            "ratio": round(median / baseline, 2),
        }
        for (name, threads, batch), median in medians.items()
    ]


def describe(folder: Path) -> dict:
    """Return the number of a model's parameters, None where its card does not say, and its file's megabytes.

    Raises:
        ModelError: it has no card.
    """
    return {
        "parameters": read_card(folder).content.get("parameters"),
        "megabytes": round((folder / LITERT_FILE).stat().st_size / 1e6, 2),
    }


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", action="append", default=[], metavar="NAME", help="measure this one, too")
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error("--rounds is at least 1")
    load = round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None
    try:
        folders = {name: model_folder(name) for name in (*SHIPPED_MODELS, *options.model)}
        rows = measure(folders, options.rounds)
        models = {name: describe(folder) for name, folder in folders.items()}
    except ModelError as error:
        parser.error(str(error))
    if options.json:
        result = {"cpus": os.cpu_count(), "load": load, "rounds": options.rounds}
        print(json.dumps(result | {"models": models, "predictions": rows}))
        return
    print(f"{os.cpu_count()} processors, load {load} before; medians of {options.rounds} rounds")
    for name, facts in models.items():
        parameters = f"{facts['parameters']:,} parameters" if facts["parameters"] else "parameters not told"
        print(f"{name}: {parameters}, {facts['megabytes']} MB")
        for row in rows:
            if row["model"] == name:
                way = f"{row['threads']} thread{'s' * (row['threads'] > 1)}"
                way += f", {row['faces']} face{'s' * (row['faces'] > 1)}"
                print(f"  {way:22}{row['milliseconds_per_face']:6.2f} ms a face   ratio {row['ratio']:.2f}")


if __name__ == "__main__":
    main()
