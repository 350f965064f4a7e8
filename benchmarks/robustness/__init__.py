"""What becomes of the files when a run is killed or a file is damaged, and where woodshed can be installed."""
