import pytest

from emotion.training.config import RunConfig
from emotion.training.pace import Pace, estimate

PACE = Pace(0.5, 0.01, 10.0, 6.0, 256.0, "CPU", "float32", 0.0)


def test_estimate():
    config = RunConfig(epochs=3, batch_size=100)
    found = estimate(PACE, config, train_faces=1050, validation_faces=200)
    assert found.seconds_per_epoch == pytest.approx(10 * 0.5 + 200 * 0.01)
    assert found.seconds == pytest.approx(10 + 3 * 7 + 6)
