"""Histories of messages with what they made of a job: a decision changes only with a line of the changelog."""
