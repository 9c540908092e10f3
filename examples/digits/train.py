"""Train a small neural network on scikit-learn's bundled pictures of handwritten digits.

An ordinary argparse script: it knows nothing of Tunewright. It prints its validation accuracy after every epoch, and if
SM_MODEL_DIR is set it leaves its weights there.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lr", type=float, default=1e-3, help="learning rate")
    parser.add_argument("--batch", type=int, default=64, help="pictures per step")
    parser.add_argument("--epochs", type=int, default=20, help="passes over the training half")
    parser.add_argument("--hidden", type=int, default=64, help="width of the hidden layer")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def halves(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return X and y to train on, X and y to validate on: 898 and 899 pictures, (n, 64) and (n,)."""
    X, y = load_digits(return_X_y=True)
    X_train, X_valid, y_train, y_valid = train_test_split(X, y, test_size=0.5, random_state=seed, stratify=y)
    scaler = StandardScaler().fit(X_train)
    return scaler.transform(X_train), y_train, scaler.transform(X_valid), y_valid


def save(network: MLPClassifier, folder: Path) -> None:
    weights = {f"weights_{layer}": array for layer, array in enumerate(network.coefs_)}
    biases = {f"biases_{layer}": array for layer, array in enumerate(network.intercepts_)}
    np.savez(folder / "network.npz", **weights, **biases)


def main() -> None:
    given = arguments()
    X_train, y_train, X_valid, y_valid = halves(given.seed)
    network = MLPClassifier(
        hidden_layer_sizes=(given.hidden,),
        learning_rate_init=given.lr,
        batch_size=given.batch,
        random_state=given.seed,
    )
    for epoch in range(1, given.epochs + 1):
        network.partial_fit(X_train, y_train, classes=np.unique(y_train))
        accuracy = network.score(X_valid, y_valid)
        print(f"epoch={epoch} loss={network.loss_:.4f} val_acc={accuracy:.4f}", flush=True)
    if model_dir := os.environ.get("SM_MODEL_DIR"):
        save(network, Path(model_dir))


if __name__ == "__main__":
    main()
