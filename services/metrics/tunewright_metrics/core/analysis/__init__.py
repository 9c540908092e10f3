"""What a job's trainings tell about its hyperparameters. Pure, and equal input gives equal bits."""
