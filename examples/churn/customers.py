"""Make the table of customers: synthetic, from a structure that is known, so nobody's data and the same everywhere.

    python examples/churn/customers.py FOLDER

writes FOLDER/train/customers.csv and FOLDER/validation/customers.csv, 3,000 and 1,500 customers. Whether a customer
leaves is drawn with a probability that follows from the other columns, so a part of it is chance: one who knew the
probabilities would be right for `KNOWABLE` of the customers of validation, and no training is expected to do better.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import numpy as np

COLUMNS: Final = ("tenure_months", "contract_months", "monthly_charge", "support_calls", "late_payments", "data_gb")
ROWS: Final = {"train": 3000, "validation": 1500}
KNOWABLE: Final = 0.94
"""To two digits, for the seed below."""


def customers(rows: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return the columns, (rows, 6), and for each customer the probability of leaving, (rows,)."""
    tenure = np.ceil(rng.exponential(24.0, rows)).clip(1, 96)
    contract = rng.choice([1, 12, 24], rows, p=[0.5, 0.3, 0.2])
    charge = rng.gamma(6.0, 8.0, rows).clip(10, 150)
    calls = rng.poisson(1.5, rows)
    late = rng.poisson(0.6, rows)
    data = rng.lognormal(2.0, 0.8, rows).clip(0.1, 80)
    new = tenure < 12
    reasons = (
        2.0 * (contract == 1)
        - 1.2 * (contract == 24)
        + 1.6 * new * (calls - 1)  # trouble at the start drives people away; later they are used to it
        + 0.9 * late
        + 1.4
        * np.square(np.log(data) - 2.0)  # who hardly uses it, and who uses so much that another tariff suits better
        + 2.0 * np.tanh((charge - 65.0) / 12.0)
        - 3.0
    )
    return np.column_stack([tenure, contract, charge, calls, late, data]), 1.0 / (1.0 + np.exp(-2.5 * reasons))


def write(folder: Path, seed: int = 7) -> float:
    """Write both tables; return what share of validation one would be right about who knew the probabilities."""
    rng = np.random.default_rng(seed)
    knowable = 0.0
    for part, rows in ROWS.items():
        columns, leaving = customers(rows, rng)
        left = rng.random(rows) < leaving
        knowable = float(np.mean((leaving > 0.5) == left))
        path = folder / part / "customers.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        header = ",".join([*COLUMNS, "left"])
        np.savetxt(path, np.column_stack([columns, left]), fmt="%.6g", delimiter=",", header=header, comments="")
    return knowable


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: customers.py FOLDER")
    write(Path(sys.argv[1]))
    print(f"Customers are in {sys.argv[1]}/train and {sys.argv[1]}/validation")
