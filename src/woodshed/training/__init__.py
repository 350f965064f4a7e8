"""Training machinery shared by all systems: loop, checkpoints, inference sessions, model folders."""
