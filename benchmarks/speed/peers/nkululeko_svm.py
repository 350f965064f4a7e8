"""openSMILE features and a support vector machine by nkululeko: one experiment for each group."""

import csv
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile
from table import read

SETTINGS = """[EXP]
root = {root}/
name = results
save = False
[DATA]
databases = ['train', 'test']
train = {root}/train.csv
train.type = csv
train.absolute_path = True
train.split_strategy = train
test = {root}/test.csv
test.type = csv
test.absolute_path = True
test.split_strategy = test
target = label
labels = {labels}
[FEATS]
type = ['os']
scale = standard
[MODEL]
type = svm
C_val = 10
"""
EVALUATE = """
import sys, configparser
from nkululeko.nkululeko import doit
result = doit(sys.argv[1])
print("RESULT", result)
"""

paths, labels, groups = read()
scores = []
with tempfile.TemporaryDirectory() as root:
    converted = []
    for number, path in enumerate(paths):  # openSMILE reads WAV only
        samples, rate = soundfile.read(path, dtype="int16")
        converted.append(f"{root}/{number}.wav")
        soundfile.write(converted[-1], samples, rate)
    for group in np.unique(groups):
        fold = Path(root) / f"without {group}"  # features of another fold must not be found
        fold.mkdir()
        for name, mask in (("train", groups != group), ("test", groups == group)):
            with open(fold / f"{name}.csv", "w", newline="") as file:
                table = csv.writer(file)
                table.writerow(["file", "label"])
                table.writerows((converted[k], labels[k]) for k in np.flatnonzero(mask))
        place = fold / "settings.ini"
        place.write_text(SETTINGS.format(root=fold, labels=sorted({str(label) for label in labels})))
        done = subprocess.run(
            [sys.executable, "-c", EVALUATE, str(place)], capture_output=True, text=True, check=True
        )
        line = next(line for line in done.stdout.splitlines() if line.startswith("RESULT"))
        scores.append(float(line.split()[1].strip("(),[]")))
print(json.dumps({"score": float(np.mean(scores)), "measure": "unweighted recall"}))
