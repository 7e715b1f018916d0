"""What changes a training face each time it is seen: pure Keras layers, part of the training graph.

Keras itself keeps what `__init__` was given as a layer's config.
"""

import math
from typing import Any

import keras
from keras import layers, ops

from emotion.training.config import AugmentationConfig


class _RandomLayer(layers.Layer):
    """Changes faces in `change`, only while training, in float32 whatever the network computes in.

    Args:
        seed: of the layer's own random state.
        dtype, options: Keras's own.
    """

    def __init__(self, seed: int | None, dtype: str = "float32", **options: Any) -> None:
        super().__init__(dtype=dtype, **options)
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, images: Any, training: bool = False) -> Any:
        """Change float32 images (n, height, width, channels), 0 to 255."""
        return self.change(images) if training else images

    def _chosen_and_strength(self, images: Any, factor: float) -> tuple[Any, Any]:
        """Return two tensors (n,): 1 for each image that is to be changed, and by how much of the most."""
        draws = keras.random.uniform((2, ops.shape(images)[0]), seed=self.seed_generator)
        return ops.cast(draws[0] < factor, "float32"), draws[1]


class RandomAffine(_RandomLayer):
    """Mirror, rotate, zoom and shift each face at random, in one resampling.

    One bilinear pass blurs a 48x48 face less, and takes less time, than Keras's RandomFlip,
    RandomRotation, RandomZoom and RandomTranslation one after the other. Pixels from beyond the
    frame repeat the nearest edge, as FER-2013's own crops at a picture's border do.

    Args:
        flip: mirror half of the faces.
        rotation: largest angle, in degrees, either way.
        shift: largest shift, as a share of the side, along each axis, either way.
        zoom: largest change of size, as a share, either way.
        seed: of the layer's own random state.
    """

    def __init__(
        self, flip: bool, rotation: float, shift: float, zoom: float, seed: int | None = None, **options: Any
    ) -> None:
        super().__init__(seed, **options)
        self.flip, self.rotation, self.shift, self.zoom = flip, rotation, shift, zoom

    def change(self, images: Any) -> Any:
        """Change float32 images (n, height, width, channels)."""
        count = ops.shape(images)[0]
        height, width = images.shape[1], images.shape[2]

        def uniform(limit: float) -> Any:
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


class RandomBlur(_RandomLayer):
    """Blur some faces, each with a Gaussian of its own width.

    Keras's RandomGaussianBlur draws one width for a whole batch, and none above 1 pixel. Here each
    face's rows, then its columns, are multiplied by a matrix of Gaussians; at the frame's edges,
    what lies beyond does not count.

    Args:
        factor: how often a face is blurred, 0 to 1.
        sigma: largest standard deviation, in pixels.
        seed: of the layer's own random state.
    """

    def __init__(self, factor: float, sigma: float = 2.0, seed: int | None = None, **options: Any) -> None:
        super().__init__(seed, **options)
        self.factor, self.sigma = factor, sigma

    def change(self, images: Any) -> Any:
        """Change float32 images (n, height, width, 1)."""
        chosen, strength = self._chosen_and_strength(images, self.factor)
        # With a width of next to nothing, the matrix is the identity.
        sigma = ops.maximum(chosen * strength * self.sigma, 0.05)
        rows, columns = (_gaussian_matrix(side, sigma) for side in images.shape[1:3])
        blurred = ops.matmul(ops.matmul(rows, images[..., 0]), ops.transpose(columns, (0, 2, 1)))
        return blurred[..., None]


class RandomNoise(_RandomLayer):
    """Add normal noise to some faces, to each as strong as chance has it.

    Keras's GaussianNoise adds the same amount to every face, and leaves the range of pixels.

    Args:
        factor: how often a face gets noise, 0 to 1.
        deviation: largest standard deviation, in grey levels of 0 to 255.
        seed: of the layer's own random state.
    """

    def __init__(
        self, factor: float, deviation: float = 30.0, seed: int | None = None, **options: Any
    ) -> None:
        super().__init__(seed, **options)
        self.factor, self.deviation = factor, deviation

    def change(self, images: Any) -> Any:
        """Change float32 images (n, height, width, channels), 0 to 255."""
        chosen, strength = self._chosen_and_strength(images, self.factor)
        deviation = chosen * strength * self.deviation
        noise = keras.random.normal(ops.shape(images), seed=self.seed_generator)
        return ops.clip(images + noise * deviation[:, None, None, None], 0.0, 255.0)


def _gaussian_matrix(side: int, sigma: Any) -> Any:
    """Return, for sigma (n,), matrices (n, side, side) that blur a column of `side` pixels."""
    distance = ops.arange(side, dtype="float32")[:, None] - ops.arange(side, dtype="float32")[None, :]
    weights = ops.exp(-0.5 * (distance / sigma[:, None, None]) ** 2)
    return weights / ops.sum(weights, axis=-1, keepdims=True)


def build_augmentation(config: AugmentationConfig, seed: int) -> keras.Sequential:
    """Return the layers that the config describes; float32 (n, 48, 48, 1), 0 to 255, in and out."""
    steps: list[layers.Layer] = []
    if config.flip or config.rotation or config.shift or config.zoom:
        steps.append(RandomAffine(config.flip, config.rotation, config.shift, config.zoom, seed=seed))
    in_range = {"value_range": (0, 255), "dtype": "float32"}
    if config.brightness:
        steps.append(layers.RandomBrightness(config.brightness, seed=seed + 2, name="brightness", **in_range))
    if config.contrast:
        steps.append(layers.RandomContrast(config.contrast, seed=seed + 3, name="contrast", **in_range))
    if config.blur:
        steps.append(RandomBlur(config.blur, seed=seed + 4, name="blur"))
    if config.noise:
        steps.append(RandomNoise(config.noise, seed=seed + 5, name="noise"))
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
