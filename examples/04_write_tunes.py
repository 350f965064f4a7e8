# %% [markdown]
# # Write tunes
# Compose two jigs with the model that comes with woodshed.

# %%
from woodshed import load
from woodshed.symbolic import render
from woodshed.tasks.shipped import model_folder
from woodshed.tasks.tune.request import TuneRequest

composer = load(model_folder("tune"))
request = TuneRequest(metre="6/8", key="D dorian", temperature=0.9)
tunes = composer.sample(request, 2, seed=3)

# %% [markdown]
# Each result can be printed in ABC, and played.

# %%
notation = [tune.to_abc(f"Jig {number}") for number, tune in enumerate(tunes, start=1)]
clips = [render(tune.to_score()) for tune in tunes]

# %% [markdown]
# Fewer bits per token mean a more predictable tune. Tunes that the model was not trained on take about 1.7.

# %%
bits = composer.bits_per_token([tune.text for tune in tunes])
