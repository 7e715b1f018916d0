"""Networks by name, in pure Keras 3: from 48x48 grey faces to seven logits.

Every network takes float32 (n, 48, 48, 1) with values from 0 to 255 and returns float32 logits
(n, 7). It ends in a layer named `features`, (n, height, width, channels), global average pooling,
dropout and one dense layer named `logits`: from these two layers `export.py` makes the class
activation maps (Zhou et al. 2016, "Learning Deep Features for Discriminative Localization").
"""

from __future__ import annotations

from collections.abc import Callable

import keras
from keras import layers

from emotion.dataset.face_dataset import FACE_SIZE
from emotion.labels import EMOTIONS
from emotion.training.config import ConfigError, RunConfig


def build_network(config: RunConfig) -> keras.Model:
    """Return the untrained network that the config describes.

    Raises:
        ConfigError: there is no architecture of that name.
    """
    try:
        backbone = ARCHITECTURES[config.architecture]
    except KeyError:
        known = ", ".join(ARCHITECTURES)
        raise ConfigError(
            f"There is no architecture {config.architecture!r}; choose from: {known}."
        ) from None
    faces = keras.Input((FACE_SIZE, FACE_SIZE, 1), name="face")
    # Each face to mean 0 and deviation 1: a dim photograph and a bright one look alike from here on.
    x = layers.LayerNormalization(
        axis=(1, 2, 3), center=False, scale=False, dtype="float32", name="standardize"
    )(faces)
    x = layers.Activation("linear", name="features")(backbone(x, config))
    x = layers.GlobalAveragePooling2D(dtype="float32", name="pooled")(x)
    x = layers.Dropout(config.dropout, name="dropout")(x)
    logits = layers.Dense(len(EMOTIONS), dtype="float32", name="logits")(x)
    return keras.Model(faces, logits, name=config.architecture)


def residual(x: keras.KerasTensor, config: RunConfig) -> keras.KerasTensor:
    """Residual blocks with squeeze-and-excitation; each stage halves height and width.

    He et al. 2016, "Deep Residual Learning for Image Recognition"; Hu et al. 2018,
    "Squeeze-and-Excitation Networks". The stem keeps the full 48x48: on faces this small, the
    first pixels carry the fine lines around eyes and mouth.
    """
    x = layers.ReLU()(_convolution(x, config.stem_width))
    for width in config.widths:
        for block in range(config.blocks):
            x = _residual_block(x, width, strides=2 if block == 0 else 1)
    return x


def _residual_block(x: keras.KerasTensor, width: int, strides: int) -> keras.KerasTensor:
    shortcut = x
    if strides != 1 or x.shape[-1] != width:
        # Pooling before the projection: a strided 1x1 convolution would drop three pixels of four
        # (He et al. 2019, "Bag of Tricks for Image Classification", ResNet-D).
        if strides != 1:
            shortcut = layers.AveragePooling2D(strides)(shortcut)
        shortcut = _convolution(shortcut, width, kernel_size=1)
    x = layers.ReLU()(_convolution(x, width, strides=strides))
    x = _squeeze_and_excite(_convolution(x, width))
    return layers.ReLU()(layers.Add()([x, shortcut]))


def _squeeze_and_excite(x: keras.KerasTensor, reduction: int = 8) -> keras.KerasTensor:
    width = x.shape[-1]
    weights = layers.GlobalAveragePooling2D(keepdims=True)(x)
    weights = layers.Conv2D(max(8, width // reduction), 1, activation="relu")(weights)
    weights = layers.Conv2D(width, 1, activation="sigmoid")(weights)
    return layers.Multiply()([x, weights])


def _convolution(
    x: keras.KerasTensor, width: int, kernel_size: int = 3, strides: int = 1
) -> keras.KerasTensor:
    x = layers.Conv2D(
        width,
        kernel_size,
        strides=strides,
        padding="same",
        use_bias=False,
        kernel_initializer="he_normal",
    )(x)
    return layers.BatchNormalization(momentum=0.9)(x)


ARCHITECTURES: dict[str, Callable[[keras.KerasTensor, RunConfig], keras.KerasTensor]] = {
    "residual": residual,
}
