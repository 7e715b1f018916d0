"""What changes a training face each time it is seen: pure Keras layers, part of the training graph."""

from __future__ import annotations

import math

import keras
from keras import layers, ops

from emotion.training.config import AugmentationConfig


@keras.saving.register_keras_serializable(package="emotion")
class RandomAffine(layers.Layer):
    """Mirror, rotate, zoom and shift each face at random, in one resampling.

    One bilinear pass blurs a 48x48 face less, and takes less time, than Keras's RandomFlip,
    RandomRotation, RandomZoom and RandomTranslation one after the other. Pixels from beyond the
    frame repeat the nearest edge, as FER-2013's own crops at a picture's border do.

    Args:
        flip: mirror half of the faces.
        rotation: largest angle, in degrees, either way.
        shift: largest shift, as a share of the side, along each axis, either way.
        zoom: largest change of size, as a share, either way.
        seed: of the layer's own random state, which is saved with the weights.
    """

    def __init__(
        self, flip: bool, rotation: float, shift: float, zoom: float, seed: int | None = None, **kwargs
    ) -> None:
        super().__init__(**kwargs)
        self.flip, self.rotation, self.shift, self.zoom = flip, rotation, shift, zoom
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, images, training: bool = False):
        """Change float32 images (n, height, width, channels); only while training."""
        if not training:
            return images
        count = ops.shape(images)[0]
        height, width = images.shape[1], images.shape[2]

        def uniform(limit: float):
            return keras.random.uniform((count,), -limit, limit, seed=self.seed_generator)

        angle = uniform(self.rotation) * (math.pi / 180)
        scale = ops.exp(uniform(math.log1p(self.zoom)))
        shift_x, shift_y = uniform(self.shift) * width, uniform(self.shift) * height
        mirror = ops.sign(uniform(1.0)) if self.flip else ops.ones((count,))
        # Output pixel -> input pixel, about the centre of the image.
        a, b = mirror * ops.cos(angle) / scale, -ops.sin(angle) / scale
        c, d = mirror * ops.sin(angle) / scale, ops.cos(angle) / scale
        center_x, center_y = (width - 1) / 2, (height - 1) / 2
        offset_x = center_x + shift_x - a * center_x - b * center_y
        offset_y = center_y + shift_y - c * center_x - d * center_y
        zeros = ops.zeros_like(a)
        transform = ops.stack([a, b, offset_x, c, d, offset_y, zeros, zeros], axis=1)
        return ops.image.affine_transform(
            images, transform, interpolation="bilinear", fill_mode="nearest", data_format="channels_last"
        )

    def get_config(self) -> dict:
        """Return what `__init__` takes."""
        return super().get_config() | {
            "flip": self.flip,
            "rotation": self.rotation,
            "shift": self.shift,
            "zoom": self.zoom,
            "seed": self.seed,
        }


def build_augmentation(config: AugmentationConfig, seed: int) -> keras.Sequential:
    """Return the layers that the config describes; float32 (n, 48, 48, 1), 0 to 255, in and out."""
    steps: list[layers.Layer] = []
    if config.flip or config.rotation or config.shift or config.zoom:
        steps.append(
            RandomAffine(config.flip, config.rotation, config.shift, config.zoom, seed=seed, dtype="float32")
        )
    if config.brightness:
        steps.append(
            layers.RandomBrightness(
                config.brightness, value_range=(0, 255), seed=seed + 2, dtype="float32", name="brightness"
            )
        )
    if config.contrast:
        steps.append(
            layers.RandomContrast(
                config.contrast, value_range=(0, 255), seed=seed + 3, dtype="float32", name="contrast"
            )
        )
    if config.erasing:
        steps.append(
            layers.RandomErasing(
                # A pair, because Keras draws the probability itself from 0 to a single number.
                factor=(config.erasing, config.erasing),
                scale=(0.02, 0.15),
                fill_value=127,
                seed=seed + 1,
                dtype="float32",
                name="erasing",
            )
        )
    return keras.Sequential(steps or [layers.Identity()], name="augmentation")
