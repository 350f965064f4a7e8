"""Quality: how well each job is done, on official and on honest splits."""
