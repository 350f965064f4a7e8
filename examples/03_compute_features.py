# %% [markdown]
# # Compute features
# A feature is a frozen dataclass that is called with a clip and returns an array.

# %%
from woodshed import read
from woodshed.audio import resample
from woodshed.data.sample import sample_folder
from woodshed.features import LogMel, Mfcc, Summary

clip = read(sample_folder() / "recordings" / "7_theo_0.flac")

# %%
log_mel = LogMel(sample_rate=8000, n_fft=256, hop_length=80, n_mels=40)
spectrogram = log_mel(clip)  # (n_frames, n_bands), decibels
coefficients = Mfcc(sample_rate=8000, n_fft=256, hop_length=80, n_mels=40, n_mfcc=13, deltas=2)(clip)

# %% [markdown]
# A feature raises an error for a clip at another rate, so resample it first.

# %%
summary = Summary(sample_rate=16000)(resample(clip, 16000))
