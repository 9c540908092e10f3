"""One thread for linear algebra, before anything loads it: answers must not depend on the number of cores."""

import os

from tunewright_suggester.pool import ONE_THREAD

os.environ.update(ONE_THREAD)
