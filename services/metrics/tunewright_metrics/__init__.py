"""Metrics: reads what trainings emit, judges it, and stores everything."""
