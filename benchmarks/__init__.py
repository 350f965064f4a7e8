"""Where scores and timings are made: quality against published figures, speed against peers."""
