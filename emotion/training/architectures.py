"""Networks by name, in pure Keras 3: from 48x48 grey faces to seven logits.

Every network takes float32 (n, 48, 48, 1) with values from 0 to 255 and returns float32 logits
(n, 7), or (n, 14) where it learns two answers at once. It ends in a layer named `features`,
(n, height, width, channels), global average pooling, and a head: dropout, dense layers, of which the
last is named `logits`. The head works on the last axis alone, so `finish.py` applies it at each place
of the features as well: that gives the class activation maps (Zhou et al. 2016, "Learning Deep
Features for Discriminative Localization").
"""

from collections.abc import Callable, Iterator

import keras
from keras import layers

from emotion.faces import FACE_SIZE
from emotion.labels import EMOTIONS
from emotion.training.config import RunConfig


def build_network(config: RunConfig, heads: int = 0) -> keras.Model:
    """Return the untrained network that the config describes.

    Args:
        config: of the run.
        heads: how many answers of seven logits it gives; 0: as many as the run learns.
    """
    faces = keras.Input((FACE_SIZE, FACE_SIZE, 1), name="face")
    # Each face to mean 0 and deviation 1: a dim photograph and a bright one look alike from here on.
    x = layers.LayerNormalization(
        axis=(1, 2, 3), center=False, scale=False, dtype="float32", name="standardize"
    )(faces)
    x = layers.Activation("linear", name="features")(ARCHITECTURES[config.architecture](x, config))
    x = layers.GlobalAveragePooling2D(dtype="float32", name="pooled")(x)
    for layer in _head(config, heads or config.heads):
        x = layer(x)
    return keras.Model(faces, x, name=config.architecture)


def _head(config: RunConfig, heads: int) -> list[layers.Layer]:
    head: list[layers.Layer] = [layers.Dropout(config.dropout, name="head_dropout")]
    if config.dense_units:
        head = [
            layers.Dense(config.dense_units, activation="relu", dtype="float32", name="hidden"),
            layers.Dropout(config.dropout, name="head_dropout"),
        ]
    return [*head, layers.Dense(len(EMOTIONS) * heads, dtype="float32", name="logits")]


def one_head(network: keras.Model, config: RunConfig) -> keras.Model:
    """Return a network that gives, of the two answers that another has learned, the one the config asks for.

    Args:
        network: as `build_network` makes it of a config with two heads; it keeps its weights.
        config: the same config.
    """
    single = build_network(config, heads=1)
    *trunk, kernel, bias = network.get_weights()
    columns = slice(len(EMOTIONS)) if config.answers == "votes" else slice(len(EMOTIONS), None)
    single.set_weights([*trunk, kernel[:, columns], bias[columns]])
    return single


def apply_head(network: keras.Model, features: keras.KerasTensor) -> keras.KerasTensor:
    """Return the logits (n, height, width, 7) that each place of the features would give alone.

    Args:
        network: as `build_network` makes it.
        features: its layer `features`, float (n, height, width, channels).
    """
    x = layers.Activation("linear", dtype="float32")(features)
    for layer in network.layers:
        if isinstance(layer, layers.Dense):
            x = layer(x)
    return x


def classic(x: keras.KerasTensor, config: RunConfig) -> keras.KerasTensor:
    """Convolutions, pooling and dropout, stage by stage, as in most tutorials.

    Simonyan and Zisserman 2015, "Very Deep Convolutional Networks for Large-Scale Image
    Recognition", in small; with batch normalisation (Ioffe and Szegedy 2015), without which it learns
    slowly. A dense layer follows where `dense_units` asks for one.
    """
    for width in config.widths:
        for _ in range(config.blocks):
            x = layers.ReLU()(_convolution(x, width))
        x = layers.MaxPooling2D()(x)
        x = layers.Dropout(config.dropout / 2)(x)
    return x


def residual(x: keras.KerasTensor, config: RunConfig) -> keras.KerasTensor:
    """Residual blocks with squeeze-and-excitation; each stage halves height and width.

    He et al. 2016, "Deep Residual Learning for Image Recognition"; Hu et al. 2018,
    "Squeeze-and-Excitation Networks". The stem keeps the full 48x48: on faces this small, the
    first pixels carry the fine lines around eyes and mouth.
    """
    x = layers.ReLU()(_convolution(x, config.stem_width))
    drop_rates = _drop_rates(config)
    for width in config.widths:
        for block in range(config.blocks):
            x = _residual_block(x, width, 2 if block == 0 else 1, next(drop_rates))
    return x


def separable(x: keras.KerasTensor, config: RunConfig) -> keras.KerasTensor:
    """Depthwise separable convolutions with residual connections: few parameters, few operations.

    Chollet 2017, "Xception: Deep Learning with Depthwise Separable Convolutions"; on faces, Arriaga
    et al. 2017, "Real-time Convolutional Neural Networks for Emotion and Gender Classification".
    """
    x = layers.ReLU()(_convolution(x, config.stem_width))
    for width in config.widths:
        shortcut = _convolution(x, width, kernel_size=1, strides=2)
        for block in range(config.blocks):
            x = layers.ReLU()(x) if block else x
            x = layers.SeparableConv2D(width, 3, padding="same", use_bias=False)(x)
            x = layers.BatchNormalization(momentum=0.9)(x)
        x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
        x = layers.ReLU()(layers.Add()([x, shortcut]))
    return x


def _drop_rates(config: RunConfig) -> Iterator[float]:
    """Yield how often each residual block is skipped: rarely at first, most often at the end."""
    count = len(config.widths) * config.blocks
    for number in range(1, count + 1):
        yield config.stochastic_depth * number / count


def _residual_block(x: keras.KerasTensor, width: int, strides: int, drop_rate: float) -> keras.KerasTensor:
    shortcut = x
    if strides != 1 or x.shape[-1] != width:
        # Pooling before the projection: a strided 1x1 convolution would drop three pixels of four
        # (He et al. 2019, "Bag of Tricks for Image Classification", ResNet-D).
        if strides != 1:
            shortcut = layers.AveragePooling2D(strides)(shortcut)
        shortcut = _convolution(shortcut, width, kernel_size=1)
    x = layers.ReLU()(_convolution(x, width, strides=strides))
    x = _squeeze_and_excite(_convolution(x, width))
    if drop_rate:
        # One draw a face: the whole block is skipped (Huang et al. 2016, "Stochastic Depth").
        x = layers.Dropout(drop_rate, noise_shape=(None, 1, 1, 1))(x)
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


# The names are the choices of the setting, which a page shows without importing Keras.
ARCHITECTURES: dict[str, Callable[[keras.KerasTensor, RunConfig], keras.KerasTensor]] = {
    "classic": classic,
    "residual": residual,
    "separable": separable,
}
