"""Train one of three algorithms; print its log loss on held-out data, and keep a model of all data in SM_MODEL_DIR.

The data is scikit-learn's bundled Breast Cancer Wisconsin table, 569 tumours: real, and no download.
"""

from __future__ import annotations

import argparse
import os
import warnings
from pathlib import Path
from typing import Any, Final

import joblib
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

FOLDS: Final = 5


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--algorithm", choices=["logistic", "boosting", "network"], required=True)
    parser.add_argument("--learning_rate", type=float, default=0.01, help="boosting and network")
    logistic = parser.add_argument_group("logistic")
    logistic.add_argument("--c", type=float, default=1.0, help="how freely the weights may grow")
    boosting = parser.add_argument_group("boosting")
    boosting.add_argument("--trees", type=int, default=50)
    boosting.add_argument("--depth", type=int, default=3)
    network = parser.add_argument_group("network")
    network.add_argument("--decay", type=float, default=0.0001, help="what large weights cost")
    network.add_argument("--activation", choices=["relu", "tanh"], default="relu")
    return parser.parse_args()


def model(given: argparse.Namespace) -> Any:
    """Return the algorithm, not yet trained."""
    if given.algorithm == "logistic":
        return make_pipeline(StandardScaler(), LogisticRegression(C=given.c, max_iter=2000))
    if given.algorithm == "boosting":
        return GradientBoostingClassifier(
            learning_rate=given.learning_rate,
            n_estimators=given.trees,
            max_depth=given.depth,
            subsample=0.7,
            max_features="sqrt",
            random_state=0,
        )
    network = MLPClassifier(
        (16,),
        activation=given.activation,
        learning_rate_init=given.learning_rate,
        alpha=given.decay,
        max_iter=40,
        random_state=0,
    )
    return make_pipeline(StandardScaler(), network)


def main() -> None:
    warnings.simplefilter("ignore", ConvergenceWarning)  # the network gets 40 passes, converged or not
    untrained = model(arguments())
    X, y = load_breast_cancer(return_X_y=True)
    losses: list[float] = []
    for fit, held_out in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(X, y):
        trained = clone(untrained).fit(X[fit], y[fit])
        losses.append(float(log_loss(y[held_out], trained.predict_proba(X[held_out]))))
        print(f"fold={len(losses)} log_loss={sum(losses) / len(losses):.5f}", flush=True)
    if model_dir := os.environ.get("SM_MODEL_DIR"):
        joblib.dump(clone(untrained).fit(X, y), Path(model_dir) / "model.joblib")


if __name__ == "__main__":
    main()
