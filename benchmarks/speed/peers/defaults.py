"""Fit and test the default model of a task on every fold of a corpus; runs with the woodshed that is on the path."""

from __future__ import annotations

import importlib
import json
import resource
import sys

import numpy as np

try:
    from woodshed.data.example import Sounds
except ImportError:  # up to commit 9903786
    from woodshed.data.sound import Sounds


def processor_s() -> float:
    """Return the processor seconds of this process and of those that it started."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def main() -> None:
    """Print the name of the default model, its accuracy on each fold, and the processor seconds of everything."""
    task, corpus, place, key = sys.argv[1:]
    examples = importlib.import_module(f"woodshed.data.corpora.{corpus}").load(place).examples
    folds = np.array([str(getattr(example, key)) for example in examples])
    kind = getattr(importlib.import_module(f"woodshed.tasks.{task}"), f"{task.title()}Recogniser")
    scores = {}
    for fold in np.unique(folds):
        train, test = ([examples[k] for k in np.flatnonzero(rows)] for rows in (folds != fold, folds == fold))
        model = kind()
        model.fit(Sounds(train), [e.label for e in train], groups=[e.group for e in train])
        predicted = model.predict(Sounds(test))
        scores[str(fold)] = float(np.mean([a == e.label for a, e in zip(predicted, test, strict=True)]))
        print(task, fold, scores[str(fold)], round(processor_s()), file=sys.stderr, flush=True)
    print(json.dumps({"net": model.net, "scores": scores, "processor_s": processor_s()}))


if __name__ == "__main__":
    main()
