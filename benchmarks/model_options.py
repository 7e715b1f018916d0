"""What the benchmarks of a model share: their command line, and the faces they predict."""

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from emotion.dataset.face_dataset import DatasetError, FaceDataset
from emotion.dataset.reading.sources import read_dataset
from emotion.dataset.votes import match_votes
from emotion.models.card import ModelError
from emotion.models.registry import active_model, model_folder
from emotion.training.data import Part, one_hot, vote_targets


def read_command_line(description: str, sample: int | None = None) -> tuple[argparse.Namespace, FaceDataset]:
    """Return the options and the faces of the split they name.

    Args:
        description: of the benchmark.
        sample: offer `--sample`, with this default: so many of the faces, the same ones every time.

    Returns:
        Options with `folder`, the model's, and `json`; and the faces.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("source", type=Path, help="FER-2013 as a folder, a zip or a CSV")
    parser.add_argument("--split", default="test")
    parser.add_argument("--votes", type=Path, help="votes of FER+ as a CSV: right is what most people saw")
    parser.add_argument("--model", help="default: the active one")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    if sample is not None:
        parser.add_argument("--sample", type=int, default=sample)
    options = parser.parse_args()
    try:
        faces = read_dataset(options.source).split(options.split)
        if options.votes:
            faces = voted_faces(faces, options.votes).faces
        options.folder = model_folder(options.model or active_model())
    except (DatasetError, ModelError) as error:
        parser.error(str(error))
    if sample is not None:
        faces = faces.take(np.random.default_rng(0).permutation(len(faces))[: options.sample])
    return options, faces


def voted_faces(faces: FaceDataset, table: Path) -> Part:
    """Return the faces in which most people saw one of the seven emotions, with that as their label.

    Raises:
        DatasetError: the table holds no such votes, or fits none of the faces.
    """
    whole = Part(faces, one_hot(faces.labels), np.arange(len(faces)))
    return vote_targets(whole, match_votes(table, faces.names))
