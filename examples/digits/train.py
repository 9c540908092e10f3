"""Train a neural network on scikit-learn's handwritten digits and print its validation accuracy each epoch.

An ordinary argparse script: it knows nothing of Tunewright.
"""

import argparse
import os
import pickle
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float, default=0.001)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=20)
    options = parser.parse_args()

    images, digits = load_digits(return_X_y=True)
    train_x, val_x, train_y, val_y = train_test_split(images, digits, test_size=0.3, random_state=0, stratify=digits)
    scaler = StandardScaler().fit(train_x)
    train_x, val_x = scaler.transform(train_x), scaler.transform(val_x)

    network = MLPClassifier((64, 32), learning_rate_init=options.lr, random_state=0)
    order = np.random.default_rng(0)
    for epoch in range(1, options.epochs + 1):
        shuffled = order.permutation(len(train_x))
        for start in range(0, len(shuffled), options.batch):
            rows = shuffled[start : start + options.batch]
            network.partial_fit(train_x[rows], train_y[rows], classes=np.unique(digits))
        print(f"epoch={epoch} val_acc={network.score(val_x, val_y):.4f}", flush=True)

    if folder := os.environ.get("SM_MODEL_DIR"):
        Path(folder, "network.pkl").write_bytes(pickle.dumps((scaler, network)))


if __name__ == "__main__":
    main()
