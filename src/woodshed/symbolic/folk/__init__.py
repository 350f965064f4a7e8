"""ABC tunes as tokens of the folk-rnn vocabulary."""
