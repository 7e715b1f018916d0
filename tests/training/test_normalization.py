"""The fast batch normalisation gives what Keras's own gives."""

import keras
import numpy as np
import pytest

from emotion.training import normalization
from emotion.training.architectures import ARCHITECTURES, build_network
from emotion.training.config import RunConfig

pytestmark = pytest.mark.slow

VALUES = np.random.default_rng(0).normal(3, 2, (64, 12, 12, 8)).astype(np.float32)


def trained(kind: type[keras.layers.Layer], policy: str) -> tuple[keras.layers.Layer, keras.KerasTensor]:
    layer = kind(momentum=0.9, dtype=policy)
    layer.build((None, 12, 12, 8))
    layer.gamma.assign(np.linspace(0.5, 2, 8))
    layer.beta.assign(np.linspace(-1, 1, 8))
    return layer, layer(VALUES, training=True)


@pytest.mark.parametrize(("policy", "tolerance"), [("float32", 1e-4), ("mixed_bfloat16", 0.06)])
def test_as_keras_does_it(policy, tolerance):
    (own, own_values), (kept, kept_values) = (
        trained(kind, policy) for kind in (normalization.BatchNormalization, keras.layers.BatchNormalization)
    )
    assert own_values.dtype == kept_values.dtype
    assert np.allclose(*(keras.ops.cast(x, "float32") for x in (own_values, kept_values)), atol=tolerance)
    for mine, theirs in zip(own.get_weights(), kept.get_weights(), strict=True):
        assert np.allclose(mine, theirs, rtol=1e-2 if policy != "float32" else 1e-3)
    # Where it only predicts, it is Keras's own code.
    assert np.array_equal(own(VALUES), super(type(own), own).call(keras.ops.cast(VALUES, own.compute_dtype)))


def test_a_layer_that_does_not_learn_keeps_its_averages():
    layer = normalization.BatchNormalization()
    layer.build((None, 12, 12, 8))
    layer.trainable = False
    layer(VALUES, training=True)
    assert np.array_equal(layer.moving_mean, np.zeros(8))


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_weights_go_from_a_network_in_training_to_a_plain_one(name, tmp_path):
    config = RunConfig(architecture=name, widths=(8, 8), stem_width=8, blocks=1, stochastic_depth=0.1)
    network = normalization.with_fast_normalization(build_network(config))
    assert any(type(layer) is normalization.BatchNormalization for layer in network.layers)
    network(VALUES.reshape(-1)[: 4 * 48 * 48].reshape(4, 48, 48, 1), training=True)
    network.save_weights(tmp_path / "best.weights.h5")
    plain = build_network(config)
    plain.load_weights(tmp_path / "best.weights.h5")
    assert not any(type(layer) is normalization.BatchNormalization for layer in plain.layers)
    for mine, theirs in zip(network.get_weights(), plain.get_weights(), strict=True):
        assert np.array_equal(mine, theirs)
