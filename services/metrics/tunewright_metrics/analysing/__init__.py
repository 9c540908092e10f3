"""Analyses of jobs, made in a process of their own and kept until a training has ended."""
