"""ABC tunes as words of the folk-rnn vocabulary."""
