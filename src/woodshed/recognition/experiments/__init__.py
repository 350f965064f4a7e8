"""Cross-validation, model comparison and hyperparameter search."""
