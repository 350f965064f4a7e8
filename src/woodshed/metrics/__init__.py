"""How good the answers are: one question per file, each with `validate`, its metrics, `evaluate`."""
