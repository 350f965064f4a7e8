"""A small convolutional network on log-mel spectrograms: librosa and a training loop in PyTorch."""

import json
import sys

import librosa
import numpy as np
import torch
from table import read
from torch import nn

SECONDS, EPOCHS = float(sys.argv[2]), 30
paths, labels, groups = read()
spectrograms = []
for path in paths:
    samples, rate = librosa.load(path)
    samples = librosa.util.fix_length(samples, size=round(SECONDS * rate))
    mel = librosa.feature.melspectrogram(y=samples, sr=rate, n_mels=64)
    spectrograms.append(librosa.power_to_db(mel, ref=np.max))
inputs = torch.tensor(np.array(spectrograms, dtype=np.float32) / 40 + 1)[:, None]
names = sorted(set(labels))
targets = torch.tensor([names.index(label) for label in labels])


def block(n_in: int, n_out: int) -> nn.Sequential:
    """Return a convolution that halves the resolution."""
    return nn.Sequential(
        nn.Conv2d(n_in, n_out, 3, padding=1), nn.BatchNorm2d(n_out), nn.ReLU(), nn.MaxPool2d(2)
    )


scores = []
for group in np.unique(groups):
    torch.manual_seed(0)
    test = torch.tensor(groups == group)
    net = nn.Sequential(
        block(1, 16),
        block(16, 32),
        block(32, 64),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(64, len(names)),
    )
    optimiser = torch.optim.Adam(net.parameters(), 1e-3)
    train = torch.nonzero(~test)[:, 0]
    for _ in range(EPOCHS):
        net.train()
        for batch in train[torch.randperm(len(train))].split(32):
            optimiser.zero_grad()
            nn.functional.cross_entropy(net(inputs[batch]), targets[batch]).backward()
            optimiser.step()
    net.eval()
    with torch.no_grad():
        predicted = torch.cat([net(part) for part in inputs[test].split(64)]).argmax(1)
    scores.append(float((predicted == targets[test]).float().mean()))
print(json.dumps({"score": float(np.mean(scores))}))
