"""Detection of events in recordings of any length, also live."""
