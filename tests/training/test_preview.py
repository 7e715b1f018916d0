"""The preview's process with the real layers, and its end of the pipe with a broken one."""

import subprocess
import sys
import threading

import numpy as np
import pytest

from emotion import paths
from emotion.errors import TrainingError
from emotion.synthetic.faces import generate
from emotion.training import preview as preview_module
from emotion.training.config import AugmentationConfig
from emotion.training.preview import AugmentationPreview
from tests.helpers import PATIENCE, wait_until

pytestmark = pytest.mark.slow

# Processes in place of the one with Keras.
HANGING = {
    "before it reads": "import time; time.sleep(3600)",
    "deaf to signals": "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(3600)",
    "amid its answer": "import pickle, sys, time; sys.stdout.buffer.write(pickle.dumps('whole')[:-3]); "
    "sys.stdout.flush(); time.sleep(3600)",
}
ECHO = (
    "import sys, types; sys.modules['keras'] = types.ModuleType('keras'); "
    "from emotion.training import preview; "
    "preview.augment = lambda images, variants, config, seed: images[:, None].repeat(variants, axis=1); "
    "preview.main()"
)
NOTHING = AugmentationConfig(flip=False, rotation=0.0, shift=0.0, zoom=0.0, erasing=0.0)


@pytest.fixture(scope="module")
def preview():
    preview = AugmentationPreview(idle_seconds=PATIENCE)
    yield preview
    preview.close()
    assert not preview.is_warm


@pytest.fixture(scope="module")
def faces() -> np.ndarray:
    return generate(3, seed=0)[0]


def test_each_face_is_changed_several_times(preview, faces):
    variants = preview.ask(faces, 4, AugmentationConfig(), seed=1)
    assert variants.shape == (3, 4, 48, 48)
    assert variants.dtype == np.uint8
    assert len({variant.tobytes() for variant in variants.reshape(-1, 48, 48)}) == 12


def test_without_strength_nothing_changes(preview, faces):
    assert (preview.ask(faces, 2, NOTHING, seed=0) == faces[:, None]).all()


def test_the_seed_decides(preview, faces):
    first, again, other = (preview.ask(faces, 2, AugmentationConfig(), seed=seed) for seed in (5, 5, 6))
    assert (first == again).all()
    assert (first != other).any()


def test_mirroring_alone_mirrors_some(preview, faces):
    config = AugmentationConfig(flip=True, rotation=0.0, shift=0.0, zoom=0.0, erasing=0.0)
    variants = preview.ask(faces[:1], 16, config, seed=0)[0].astype(int)
    same = (abs(variants - faces[0]) <= 1).all(axis=(1, 2))
    mirrored = (abs(variants - faces[0, :, ::-1]) <= 1).all(axis=(1, 2))
    assert (same | mirrored).all()
    assert 0 < mirrored.sum() < 16


def test_a_process_that_does_not_start_is_a_sentence(monkeypatch, faces):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(TrainingError, match="install the requirements"):
        AugmentationPreview().ask(faces, 1, NOTHING, seed=0)


@pytest.fixture
def stand_in(monkeypatch):
    """Let another program answer."""
    return lambda code: monkeypatch.setattr(preview_module, "_PROGRAM", ("-c", code))


def test_it_starts_again_after_its_end(stand_in, faces):
    stand_in(ECHO)
    preview = AugmentationPreview()
    for _ in range(2):
        assert preview.ask(faces[:1], 1, NOTHING, seed=0).shape == (1, 1, 48, 48)
        assert preview.is_warm
        preview.close()
        assert not preview.is_warm


@pytest.mark.parametrize("what", ["raise ValueError('no such face')", "os.abort()"])
def test_faces_that_cannot_be_changed_are_not_laid_at_the_start_of_keras(stand_in, faces, what):
    fail = f"preview.augment = lambda images, *_: exec({what!r}) if images.any() else images; preview.main()"
    stand_in("import os; " + ECHO.partition("preview.augment")[0] + fail)
    preview = AugmentationPreview(answer_seconds=PATIENCE)
    for _ in range(2):  # the second one finds a process, or starts one
        with pytest.raises(TrainingError, match="could not be changed so; the app's log"):
            preview.ask(faces, 1, NOTHING, seed=0)
        assert not preview.ask(faces * 0, 1, NOTHING, seed=0).any()
    preview.close()


def test_without_keras_the_sentence_says_so(stand_in, faces):
    stand_in(ECHO.replace("types.ModuleType('keras')", "None"))
    with pytest.raises(TrainingError, match="did not start; install the requirements"):
        AugmentationPreview(answer_seconds=PATIENCE).ask(faces, 1, NOTHING, seed=0)


@pytest.mark.parametrize("how", HANGING)
def test_one_that_hangs_is_ended_and_replaced(stand_in, faces, how):
    stand_in(HANGING[how])
    preview = AugmentationPreview(answer_seconds=0.5)
    many = faces.repeat(200, axis=0)  # more than a pipe holds
    with pytest.raises(TrainingError, match="no answer in time"):
        preview.ask(many, 2, NOTHING, seed=0)
    assert not preview.is_warm
    stand_in(ECHO)
    preview._answer_seconds = PATIENCE
    assert (preview.ask(many, 2, NOTHING, seed=0) == many[:, None]).all()
    assert preview.is_warm
    preview.close()
    assert not preview.is_warm


def test_closing_waits_for_nobody_and_frees_who_waits(stand_in, faces):
    stand_in(HANGING["deaf to signals"])
    preview = AugmentationPreview(answer_seconds=PATIENCE)
    errors = []

    def ask() -> None:
        try:
            preview.ask(faces, 1, NOTHING, seed=0)
        except TrainingError as error:
            errors.append(str(error))

    asker = threading.Thread(target=ask, daemon=True)
    asker.start()
    wait_until(lambda: preview.is_warm)
    preview._answer_seconds = 0.1
    with pytest.raises(TrainingError, match="Too many people"):  # another visitor does not wait for ever
        preview.ask(faces, 1, NOTHING, seed=0)
    closer = threading.Thread(target=preview.close, daemon=True)
    closer.start()
    for thread in (closer, asker):
        thread.join(PATIENCE)
        assert not thread.is_alive()
    assert "try it again" in errors[0]
    assert not preview.is_warm


def test_one_that_idles_is_ended(stand_in, faces):
    stand_in(ECHO)
    preview = AugmentationPreview(idle_seconds=0)
    preview.ask(faces, 1, NOTHING, seed=0)
    wait_until(lambda: not preview.is_warm)


def test_the_apps_end_loads_no_keras():
    code = "import sys, emotion.training.preview; print('keras' in sys.modules, 'tensorflow' in sys.modules)"
    process = subprocess.run([sys.executable, "-c", code], cwd=paths.PROJECT, capture_output=True, text=True)
    assert process.stdout.split() == ["False", "False"], process.stderr
