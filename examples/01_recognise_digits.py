# %% [markdown]
# # Recognise spoken digits
# Learn from four people, and see how well two others are understood. The recordings come with woodshed.

# %%
import numpy as np

from woodshed import SpeechRecogniser
from woodshed.data.corpora import fsdd
from woodshed.data.sample import sample_folder
from woodshed.data.sound import Sounds

corpus = fsdd.load(sample_folder())
speakers = np.asarray(corpus.groups)
labels = np.asarray(corpus.labels)

# %% [markdown]
# Two speakers are kept away. `Sounds` reads each recording only when it is needed.

# %%
unheard = np.isin(speakers, ["george", "theo"])
train = corpus.subset(np.flatnonzero(~unheard).tolist())
test = corpus.subset(np.flatnonzero(unheard).tolist())

# %% [markdown]
# A small net and few epochs, so that this takes seconds. Leave the settings out for the real thing.

# %%
recogniser = SpeechRecogniser(net="mlp", width=64, epochs=4, n_augmentations=1, seed=1)
recogniser.fit(Sounds(train), labels[~unheard], groups=speakers[~unheard])
accuracy = recogniser.score(Sounds(test), labels[unheard])

# %% [markdown]
# Each answer can be written as text, JSON or CSV.

# %%
answers = list(recogniser.predictions(Sounds(test[:3])))
table = [answer.to_text() for answer in answers]
