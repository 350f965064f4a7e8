"""Detection of events in recordings of any length and in live sound."""
