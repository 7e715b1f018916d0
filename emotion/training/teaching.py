"""What teachers say of the faces to learn from, asked once, before the training begins.

Hinton et al. 2015, "Distilling the Knowledge in a Neural Network". To ask them again for every changed face
(as `recipe.py` does) teaches more an epoch (Beyer et al. 2022, "Knowledge distillation: A good teacher is
patient and consistent"), but a teacher four times as large as the network makes an epoch twice as long.
"""

from dataclasses import replace

import numpy as np

from emotion.models.classifier import Classifier
from emotion.models.registry import model_folder
from emotion.training.config import RunConfig
from emotion.training.data import Part

_THREADS = 2


def taught(part: Part, config: RunConfig) -> Part:
    """Return the faces with targets in which the teachers have their share; without teachers, as they are.

    A teacher answers for the head that learns what the teacher has learned: labels, or votes. Its
    probabilities assume the training data's mix of emotions, whatever it answers people with.

    Args:
        part: the faces to learn from.
        config: its teachers, and their share of the targets, count.

    Raises:
        ModelError: a teacher is not there, or cannot be used.
    """
    if not config.asks_teachers_once:
        return part
    heads = np.split(part.targets, config.heads, axis=1)
    teachers = [Classifier(model_folder(name), threads=_THREADS, mix="training") for name in config.teachers]
    judged = ("votes", "labels") if config.heads == 2 else (None,)
    for number, kind in enumerate(judged):
        answers = [
            teacher.predict(np.ascontiguousarray(part.images)).probabilities
            for teacher in teachers
            if kind in (None, teacher.card.judged_by)
        ]
        if answers:
            mean = np.mean(answers, axis=0)
            heads[number] = (1 - config.teacher_share) * heads[number] + config.teacher_share * mean
    return replace(part, targets=np.concatenate(heads, axis=1).astype(np.float32))
