"""Mid-term features by pyAudioAnalysis and its support vector machine."""

import json
import sys

import librosa
import numpy as np
from pyAudioAnalysis import MidTermFeatures
from pyAudioAnalysis.audioTrainTest import train_svm
from table import read

WINDOW_S = float(sys.argv[2])
paths, labels, groups = read()
rows = []
for path in paths:
    samples, rate = librosa.load(path, sr=None)  # its own reader knows WAV and MP3 only
    samples = np.int16(samples * 32767)
    middle, _, _ = MidTermFeatures.mid_feature_extraction(
        samples, rate, round(WINDOW_S * rate), round(WINDOW_S * rate), round(0.05 * rate), round(0.05 * rate)
    )
    rows.append(np.nan_to_num(middle.mean(axis=1)))
table, scores = np.array(rows), []
for group in np.unique(groups):
    test = groups == group
    mean, std = table[~test].mean(axis=0), table[~test].std(axis=0) + 1e-9
    model = train_svm((table[~test] - mean) / std, labels[~test], 1.0)
    scores.append(model.score((table[test] - mean) / std, labels[test]))
print(json.dumps({"score": float(np.mean(scores))}))
