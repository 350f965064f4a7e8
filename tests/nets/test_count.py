"""How many weights each net has, counted by hand from its drawing."""

from __future__ import annotations

import itertools
import math

import pytest

from woodshed.nets import NETS, build_net

T, F, N = 24, 16, 3
"""Frames, bands and classes."""

W = 4


def conv(kernel: int, n_in: int, n_out: int) -> int:
    """Count the weights of a square convolution without bias and of its batch normalisation."""
    return kernel * kernel * n_in * n_out + norm(n_out)


def norm(n: int) -> int:
    """Count a batch normalisation: scale, offset, mean and variance."""
    return 4 * n


def dense(n_in: int, n_out: int) -> int:
    """Count a dense layer, or a convolution that sees ``n_in`` values."""
    return (n_in + 1) * n_out


def memory(n_in: int, n_units: int) -> int:
    """Count a long short-term memory: a candidate and three gates that see the input and the state."""
    return 4 * dense(n_in + n_units, n_units)


def residual() -> int:
    return (
        conv(5, 1, W)
        + 2 * conv(3, W, W)
        + conv(3, W, 2 * W) + conv(3, 2 * W, 2 * W) + W * 2 * W
        + conv(3, 2 * W, 3 * W) + conv(3, 3 * W, 3 * W) + 2 * W * 3 * W
        + dense(6 * W, N)
    )  # fmt: skip


def tdnn() -> int:
    c = 128
    return (
        conv(5, 1, W) + conv(3, W, 2 * W) + conv(3, 2 * W, 2 * W)
        + F // 4 * 2 * W * c + norm(c)
        + 2 * (5 * c * c + norm(c))
        + dense(2 * c, N)
    )  # fmt: skip


def stack() -> int:
    convolutions = dense(9, W) + 2 * dense(9 * W, W) + 3 * norm(W)
    return convolutions + dense(T // 8 * F // 8 * W, 64) + dense(64, N)


def crnn() -> int:
    convolutions = conv(3, 1, W) + conv(3, W, 2 * W) + conv(3, 2 * W, 4 * W)
    return convolutions + memory(F // 8 * 4 * W, 4 * W) + dense(4 * W, N)


def transformer() -> int:
    d = 4 * W
    block = 2 * 2 * d + 4 * dense(d, d) + dense(d, 4 * d) + dense(4 * d, d)
    return dense(5 * F, d) + 4 * block + 2 * d + dense(d, N)


def musicnn(n_frames: int, n_bands: int, n_classes: int, width: int) -> int:
    heights = [round(n_bands * 38 / 96), round(n_bands * 67 / 96)]
    lengths = [round(n_frames * share / 187) for share in (128, 64, 32)]
    front = sum(dense(7 * height, 4 * width) for height in heights)
    front += sum(dense(length, width) for length in lengths) + norm(11 * width)
    middle = dense(7 * 11 * width, 64) + 2 * dense(7 * 64, 64) + 3 * norm(64)
    pooled = 2 * (11 * width + 3 * 64)
    return front + middle + norm(pooled) + dense(pooled, 200) + norm(200) + dense(200, n_classes)


def perceptron(*sizes: int) -> int:
    return sum(dense(n_in, n_out) for n_in, n_out in itertools.pairwise(sizes))


EXPECTED = {
    "conv-residual": residual(),
    "conv-stack": stack(),
    "conv-tdnn": tdnn(),
    # 24 x 16 -> 22 x 14 -> 11 x 7 -> 9 x 5 -> 5 x 3 -> 4 x 2 -> 2 x 1
    "course-cnn": dense(9, W) + dense(9 * W, W) + dense(4 * W, W) + 3 * norm(W)
    + perceptron(2 * 1 * W, 2 * W, N),
    "course-lstm": memory(F, 2 * W) + memory(2 * W, 2 * W) + perceptron(2 * W, 2 * W, N),
    "course-mlp": perceptron(T * F, 16 * W, 8 * W, 2 * W, N),
    "crnn": crnn(),
    "lstm": 2 * memory(F, 4 * W) + dense(2 * 2 * 4 * W, N),
    "mlp": perceptron(T * F, 2 * W, W, N),
    "musicnn": musicnn(T, F, N, W),
    "transformer": transformer(),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(NETS))
def test_the_counts_are_those_of_the_drawings(name: str) -> None:
    assert build_net(name, T, F, N, width=W).count_params() == EXPECTED[name]


@pytest.mark.parametrize(
    ("name", "expected", "fixed"),
    [("course-mlp", 1_014_218, 0), ("course-cnn", 45_514, 192), ("course-lstm", 57_802, 0)],
)
def test_the_nets_of_the_course_have_its_counts_on_its_own_input(
    name: str, expected: int, fixed: int
) -> None:
    net = build_net(name, 130, 13, 10)  # three seconds of thirteen coefficients, ten genres
    assert net.count_params() == expected
    trained = sum(math.prod(weight.shape) for weight in net.trainable_weights)
    assert expected - trained == fixed  # the statistics of batch normalisation


def test_the_transformer_has_the_size_of_its_preset() -> None:
    net = build_net("transformer", 96, 40, 10)
    attention = next(layer for layer in net.layers if "attention" in layer.name)
    assert (attention.num_heads, attention.key_dim) == (4, 32)
    assert sum("attention" in layer.name for layer in net.layers) == 4
    assert 0.75e6 < net.count_params() < 0.85e6


def test_musicnn_has_the_filters_of_the_paper_at_its_width() -> None:
    net = build_net("musicnn", 187, 96, 50, width=51)
    kernels = sorted(tuple(layer.kernel.shape) for layer in net.layers if layer.name.startswith("conv2d"))
    tall = [(7, 38, 1, 204), (7, 67, 1, 204)]
    assert kernels == sorted([*tall, (128, 1, 1, 51), (64, 1, 1, 51), (32, 1, 1, 51)])
    assert net.count_params() == musicnn(187, 96, 50, 51)


@pytest.mark.parametrize("name", sorted(set(NETS) - {"mlp", "course-mlp"}))
def test_on_a_second_of_speech_a_net_that_shares_weights_has_less_than_a_million(name: str) -> None:
    assert build_net(name, 101, 40, 10).count_params() < 1e6
