"""Batch normalisation in one kernel while TensorFlow trains: the one place that calls a backend itself.

Keras computes mean, variance and scaling one after the other, in float32, each a pass over the whole
tensor. TensorFlow has a kernel for all of it, forward and backward, which reads bfloat16 as it is.
`python benchmarks/training.py` measures what that brings: on two cores, training takes about 0.6 of the time.
JAX needs no such thing, as its compiler merges the passes.
"""

from typing import Any

import keras
from keras import layers, ops


class BatchNormalization(layers.BatchNormalization):
    """Keras's layer, with the same weights and the same name in a weight file.

    While training, the variance that the moving average takes in is the unbiased one (n - 1), as the
    kernel gives it: at the 4,608 values a channel has in the smallest map of a batch of 128, the
    same to 0.02 %.
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Normalise (n, height, width, channels); where the layer does not learn, as Keras does."""
        if not (training and self.trainable):
            return super().call(inputs, training=training, mask=mask)
        import tensorflow as tf

        outputs, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs,
            scale=ops.convert_to_tensor(self.gamma),
            offset=ops.convert_to_tensor(self.beta),
            mean=tf.zeros(0),
            variance=tf.zeros(0),
            epsilon=self.epsilon,
            is_training=True,
        )
        for moving, of_batch in ((self.moving_mean, mean), (self.moving_variance, variance)):
            moving.assign(moving * self.momentum + of_batch * (1 - self.momentum))
        return outputs


def with_fast_normalization(network: keras.Model) -> keras.Model:
    """Return the untrained network with batch normalisation as the backend does it fastest.

    Only for training: what is exported is built of Keras's own layers, which anybody can load.
    """
    if keras.backend.backend() != "tensorflow":
        return network

    def replace(layer: layers.Layer) -> layers.Layer:
        kind = BatchNormalization if type(layer) is layers.BatchNormalization else type(layer)
        return kind.from_config(layer.get_config())

    return keras.models.clone_model(network, clone_function=replace)
