# %% [markdown]
# # From sound to features
# A feature is a value: it prints, compares and hashes, and is called with a clip.

# %%
from woodshed import read
from woodshed.audio import resample
from woodshed.data.sample import sample_folder
from woodshed.features import LogMel, Mfcc, Summary

clip = read(sample_folder() / "recordings" / "7_theo_0.flac")

# %%
log_mel = LogMel(sample_rate=8000, n_fft=256, hop_length=80, n_mels=40)
picture = log_mel(clip)  # (n_frames, n_bands), decibels
coefficients = Mfcc(sample_rate=8000, n_fft=256, hop_length=80, n_mels=40, n_mfcc=13, deltas=2)(clip)

# %% [markdown]
# A feature refuses a clip at another rate, and says what to do.

# %%
summary = Summary(sample_rate=16000)(resample(clip, 16000))
