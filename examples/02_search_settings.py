# %% [markdown]
# # Search for settings
# A recogniser is a scikit-learn estimator, so scikit-learn can search over its settings. The folds are by
# speaker: settings are chosen by their score on speakers that the model was not trained on.

# %%
from sklearn.model_selection import GridSearchCV, GroupKFold

from woodshed import Sounds, SpeechRecogniser
from woodshed.data.corpora import fsdd
from woodshed.data.sample import sample_folder

corpus = fsdd.load(sample_folder())
two_words = [example for example in corpus.examples if example.label in ("0", "7")][::3]

# %%
search = GridSearchCV(
    SpeechRecogniser(net="mlp", width=16, epochs=3, n_augmentations=1),
    {"learning_rate": [0.001, 0.01]},
    cv=GroupKFold(2),
    refit=False,
)
search.fit(
    list(Sounds(two_words)),
    [example.label for example in two_words],
    groups=[example.group for example in two_words],
)
best = search.best_params_
