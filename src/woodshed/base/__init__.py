"""What all jobs share: learning, predicting, measuring, saving."""
