# %% [markdown]
# # Recognise spoken digits
# Train on four people, and test on two others. The recordings come with woodshed.

# %%
import numpy as np

from woodshed import Sounds, SpeechRecogniser
from woodshed.data.corpora import fsdd
from woodshed.data.sample import sample_folder

corpus = fsdd.load(sample_folder())
speakers = np.asarray(corpus.groups)
labels = np.asarray(corpus.labels)

# %% [markdown]
# Two speakers are held out. `Sounds` reads each recording only when it is needed.

# %%
held_out = np.isin(speakers, ["george", "theo"])
train = corpus.subset(np.flatnonzero(~held_out).tolist())
test = corpus.subset(np.flatnonzero(held_out).tolist())

# %% [markdown]
# A small network and few epochs, so that this takes seconds. Leave the settings out for a real model.

# %%
recogniser = SpeechRecogniser(net="mlp", width=64, epochs=4, n_augmentations=1, seed=1)
recogniser.fit(Sounds(train), labels[~held_out], groups=speakers[~held_out])
accuracy = recogniser.score(Sounds(test), labels[held_out])

# %% [markdown]
# A prediction can be written as text, JSON or CSV.

# %%
predictions = list(recogniser.predictions(Sounds(test[:3])))
table = [prediction.to_text() for prediction in predictions]
