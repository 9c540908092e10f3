"""The short job file, and the command line's script form: what people write by hand.

    name: digits                              # optional; one is made from the script's name
    script: train.py                          # or image: file:///folder
    maximize: val_acc                         # or minimize:
    params: {lr: "log(1e-4, 1e-1)", batch: [32, 64, 128], epochs: 10..50}
    metrics: [f1]                             # more to read: found by name; or {f1: 'F1 is ([0-9.]+)'}
    reading: last                             # which value is the objective: or best, or mean of last 5
    trials: 30
    parallel: 4
    channels: {train: data/train, test: "s3://bucket/test"}   # fetched for each training; SM_CHANNEL_TRAIN names it
    output: models                            # where model.tar.gz goes: a folder, or s3://bucket/prefix
    instance: ml.g5.xlarge                    # what each instance takes of a host; local, the default, reserves nothing
    instances: 2                              # of a training, all on one host
    share_gpus: true                          # its GPUs may be those of others that say the same
    spot: true                                # goes on elsewhere if its host is taken away; max_wait: 2d at most
    checkpoints: checkpoints                  # kept there while it runs, and brought back: a folder, or s3://…
    early_stopping: auto                      # stop what is worse than the median; off by default, or
                                              # {percentile: 40, patience: 10, threshold: 0.3}
    autotune: {lr: 0.01, batch: 32}           # example values, in place of params and trials
    warm_start: digits-1                      # an ended job to learn from, or up to five; transfer: true if it
                                              # was about other data or another program

A mapping of values becomes the specification; nothing is read from the disk here, so paths come in absolute.
"""

from tunewright.core.jobfile.definition import Place
from tunewright.core.jobfile.faults import Told, examine, in_words_of, line_of, read_job
from tunewright.core.jobfile.members import members_of
from tunewright.core.jobfile.reading import from_jobfile
from tunewright.core.jobfile.writing import JobFile, to_jobfile
from tunewright.core.program_variables import PYTHON_VARIABLE, WORKDIR_VARIABLE

__all__ = [
    "PYTHON_VARIABLE",
    "WORKDIR_VARIABLE",
    "JobFile",
    "Place",
    "Told",
    "examine",
    "from_jobfile",
    "in_words_of",
    "line_of",
    "members_of",
    "read_job",
    "to_jobfile",
]
