# %% [markdown]
# # Write tunes
# Compose two jigs with the model that comes with woodshed.

# %%
from woodshed import load
from woodshed.symbolic import render
from woodshed.tasks.shipped import model_folder

composer = load(model_folder("tune"))
tunes = composer.sample(2, seed=3, temperature=0.9, prime=["M:6/8", "K:Cdor"])

# %% [markdown]
# A tune is a text of tokens. As a piece it can be printed in ABC, and played.

# %%
pieces = [composer.piece_of(tune) for tune in tunes]
notation = [piece.to_abc(f"Jig {number}") for number, piece in enumerate(pieces, start=1)]
clips = [render(piece.to_score()) for piece in pieces]

# %% [markdown]
# Fewer bits per token mean a more predictable tune. Tunes that the model was not trained on take about 1.7.

# %%
bits = composer.bits_per_token(tunes)
