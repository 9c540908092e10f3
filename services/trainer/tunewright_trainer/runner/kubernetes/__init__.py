"""Trainings as Jobs of a Kubernetes cluster, which schedules them; the trainer claims, follows and reports."""
