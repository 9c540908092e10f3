"""Learn which customers leave: a network of one hidden layer in plain NumPy, by gradient descent with momentum.

An ordinary SageMaker training script: hyperparameters come as `--name value`, the folders of channels and model in
SM_CHANNEL_TRAIN, SM_CHANNEL_VALIDATION and SM_MODEL_DIR. It knows nothing of Tunewright.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

MOMENTUM = 0.9


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--learning_rate", type=float, default=0.001)
    parser.add_argument("--batch_size", type=int, default=64, help="customers per step")
    parser.add_argument("--epochs", type=int, default=10, help="passes over the table")
    parser.add_argument("--hidden", type=int, default=32, help="width of the hidden layer")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--train", type=Path, default=os.environ.get("SM_CHANNEL_TRAIN"))
    parser.add_argument("--validation", type=Path, default=os.environ.get("SM_CHANNEL_VALIDATION"))
    return parser.parse_args()


def table(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return the columns, (customers, columns), and who left, (customers,), of all CSV files of a folder."""
    rows = np.vstack([np.loadtxt(path, delimiter=",", skiprows=1) for path in sorted(folder.glob("*.csv"))])
    return rows[:, :-1], rows[:, -1]


@dataclass
class Network:
    """tanh(X·W1 + b1)·w2 + b2: the log-odds of leaving. `weights` holds W1, b1, w2, b2."""

    weights: list[np.ndarray]

    @classmethod
    def new(cls, inputs: int, hidden: int, rng: np.random.Generator) -> Network:
        first = rng.normal(0.0, inputs**-0.5, (inputs, hidden))
        return cls([first, np.zeros(hidden), rng.normal(0.0, hidden**-0.5, hidden), np.zeros(1)])

    def log_odds(self, X: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the log-odds, (n,), and the hidden layer that they come from, (n, hidden)."""
        W1, b1, w2, b2 = self.weights
        layer = np.tanh(X @ W1 + b1)
        return layer @ w2 + b2, layer

    def gradient(self, X: np.ndarray, y: np.ndarray) -> list[np.ndarray]:
        """Return the gradient of the mean log loss by each of the weights."""
        odds, layer = self.log_odds(X)
        wrong = (1.0 / (1.0 + np.exp(-odds.clip(-30, 30))) - y) / len(y)
        back = np.outer(wrong, self.weights[2]) * (1.0 - layer**2)
        return [X.T @ back, back.sum(axis=0), layer.T @ wrong, wrong.sum(keepdims=True)]

    def accuracy(self, X: np.ndarray, y: np.ndarray) -> float:
        return float(np.mean((self.log_odds(X)[0] > 0) == y))


def main() -> None:
    given = arguments()
    rng = np.random.default_rng(given.seed)
    X, y = table(given.train)
    X_valid, y_valid = table(given.validation)
    mean, spread = X.mean(axis=0), X.std(axis=0)
    X, X_valid = (X - mean) / spread, (X_valid - mean) / spread
    network = Network.new(X.shape[1], given.hidden, rng)
    speeds = [np.zeros_like(weight) for weight in network.weights]
    for epoch in range(1, given.epochs + 1):
        for batch in np.array_split(rng.permutation(len(X)), max(1, len(X) // given.batch_size)):
            for layer, slope in enumerate(network.gradient(X[batch], y[batch])):
                speeds[layer] = MOMENTUM * speeds[layer] - given.learning_rate * slope
                network.weights[layer] = network.weights[layer] + speeds[layer]
        print(f"epoch={epoch} validation:accuracy={network.accuracy(X_valid, y_valid):.4f}", flush=True)
    if model_dir := os.environ.get("SM_MODEL_DIR"):
        W1, b1, w2, b2 = network.weights
        np.savez(Path(model_dir) / "network.npz", mean=mean, spread=spread, W1=W1, b1=b1, w2=w2, b2=b2)


if __name__ == "__main__":
    main()
