"""What released versions have written: their messages, their documents, a store of theirs. Today's code reads them all.

`python -m tests.golden --write 0.2.0` writes those of today, once, before that version is released. What is there is
never written again: a test that fails here says that an installation could not be updated.
"""
