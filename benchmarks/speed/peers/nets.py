"""Training steps of woodshed's default networks, built in PyTorch: one timing for each line of input."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import torch
from torch import nn
from torch.nn import functional

Tensor = torch.Tensor


class ConvNorm(nn.Sequential):
    """A convolution and batch normalisation."""

    def __init__(self, n_in: int, n_out: int, kernel: int = 3, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(n_in, n_out, kernel, stride, kernel // 2, bias=False),
            nn.BatchNorm2d(n_out, momentum=0.01),
        )


class Residual(nn.Module):
    """Two convolutions with a shortcut, which is pooled and projected when the shape changes."""

    def __init__(self, n_in: int, n_out: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.first, self.second = ConvNorm(n_in, n_out, stride=stride), ConvNorm(n_out, n_out)
        self.project = nn.Conv2d(n_in, n_out, 1, bias=False) if n_in != n_out else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block to images of shape ``(batch, channels, time, bands)``."""
        shortcut = functional.avg_pool2d(x, self.stride, ceil_mode=True) if self.stride > 1 else x
        y = self.second(functional.relu(self.first(x)))
        return functional.relu(y + self.project(shortcut))


def normalise(x: Tensor, strength: float) -> Tensor:
    """Normalise level and colour of windows in decibels, shape ``(batch, time, bands)``."""
    floor = x.amax((1, 2), keepdim=True) - 35
    raised = torch.maximum(x, floor)
    active = (x.amax(2, keepdim=True) > floor).float()
    band_mean = (raised * active).sum(1, keepdim=True) / active.sum(1, keepdim=True)
    centre = strength * band_mean + (1 - strength) * band_mean.mean(2, keepdim=True)
    return ((raised - centre) * active / 10)[:, None].contiguous(memory_format=torch.channels_last)


class ConvResidual(nn.Module):
    """The network of `woodshed.nets.conv_residual`."""

    def __init__(self, n_bands: int, n_outputs: int, width: int, strength: float) -> None:
        super().__init__()
        self.strength = strength
        self.stem = ConvNorm(1, width, 5, 2)
        self.blocks = nn.Sequential(
            Residual(width, width, 1), Residual(width, 2 * width, 2), Residual(2 * width, 3 * width, 2)
        )
        self.head = nn.Sequential(nn.Dropout(0.3), nn.Linear(6 * width, n_outputs))

    def forward(self, windows: Tensor) -> Tensor:
        """Return logits."""
        x = functional.relu(self.stem(normalise(windows, self.strength)))
        x = self.blocks(functional.max_pool2d(x, 2, ceil_mode=True))
        return self.head(torch.cat([x.mean((2, 3)), x.amax((2, 3))], 1))


class ConvTdnn(nn.Module):
    """The network of `woodshed.nets.conv_tdnn`."""

    def __init__(self, n_bands: int, n_outputs: int, width: int, strength: float) -> None:
        super().__init__()
        self.strength = strength
        self.convolutions = nn.Sequential(
            *(ConvNorm(1, width, 5, 2), nn.ReLU()),
            *(ConvNorm(width, 2 * width, 3, 2), nn.ReLU()),
            *(ConvNorm(2 * width, 2 * width), nn.ReLU()),
        )
        self.bands = nn.Sequential(
            nn.Conv2d(2 * width, 128, (1, -(-n_bands // 4)), bias=False),
            nn.BatchNorm2d(128, momentum=0.01),
            nn.ReLU(),
        )
        self.delays = nn.ModuleList(
            nn.Sequential(
                nn.Conv1d(128, 128, 5, padding="same", dilation=dilation, bias=False),
                nn.BatchNorm1d(128, momentum=0.01),
                nn.ReLU(),
            )
            for dilation in (1, 2)
        )
        self.head = nn.Sequential(nn.Dropout(0.3), nn.Linear(256, n_outputs))

    def forward(self, windows: Tensor) -> Tensor:
        """Return logits."""
        x = self.bands(self.convolutions(normalise(windows, self.strength)))[..., 0]
        for layer in self.delays:
            x = x + layer(x)
        return self.head(torch.cat([x.mean(2), x.amax(2)], 1))


NETS: dict[str, Any] = {"conv-residual": ConvResidual, "conv-tdnn": ConvTdnn}


def main() -> None:
    """Build the network that the arguments describe, and time some steps for each line of input."""
    wanted = json.loads(sys.argv[1])
    torch.set_num_threads(wanted["n_threads"])
    torch.manual_seed(0)
    net = NETS[wanted["net"]](wanted["n_bands"], wanted["n_outputs"], wanted["width"], wanted["strength"])
    net = net.to(memory_format=torch.channels_last)
    windows = torch.randn(wanted["batch_size"], wanted["n_frames"], wanted["n_bands"]) * 10 - 40
    targets = torch.arange(wanted["batch_size"]) % wanted["n_outputs"]
    optimiser = torch.optim.AdamW(net.parameters(), 1e-3, weight_decay=1e-3, fused=True)
    print(json.dumps(sum(weight.numel() for weight in net.parameters())), flush=True)
    for line in sys.stdin:
        began, worked = time.perf_counter(), time.process_time()
        for _ in range(int(line)):
            optimiser.zero_grad()
            functional.cross_entropy(net(windows), targets, label_smoothing=0.1).backward()
            optimiser.step()
        print(json.dumps([time.perf_counter() - began, time.process_time() - worked]), flush=True)


if __name__ == "__main__":
    main()
