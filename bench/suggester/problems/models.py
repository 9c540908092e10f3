"""Hyperparameters of real models on data that comes with scikit-learn; an evaluation takes milliseconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from bench.suggester.problems.losses import Metric, cross_validated
from bench.suggester.problems.problem import Kind, Problem
from tunewright.core.space import Choice, Configuration, Float, Int, ScalingType, Space

LINEAR: Final = ScalingType.LINEAR
LOGARITHMIC: Final = ScalingType.LOGARITHMIC

Make = Callable[[Configuration], Any]


def problems() -> Iterator[Problem]:
    yield svr_diabetes()
    yield tree_cancer()
    yield mlp_wine()
    yield knn_digits()
    yield boosting_cancer()
    yield sgd_digits()
    yield forest_diabetes()
    yield descent_diabetes()


def real(
    name: str, space: Space, make: Make, data: str, metric: Metric, rows: int | None = None, folds: int = 3
) -> Problem:
    def value(configuration: Configuration) -> float:
        return cross_validated(lambda: make(configuration), data, metric, rows=rows, count=folds)

    return Problem(name, Kind.REAL, space, value, costly=True)


def svr_diabetes() -> Problem:
    def make(c: Configuration) -> Any:
        from sklearn.svm import SVR

        return SVR(**c, max_iter=4000)

    space: Space = {
        "C": Float(1e-3, 1e3, LOGARITHMIC),
        "gamma": Float(1e-5, 10.0, LOGARITHMIC),
        "epsilon": Float(1e-3, 2.0, LOGARITHMIC),
        "kernel": Choice(("rbf", "poly", "sigmoid")),
        "degree": Int(2, 4, LINEAR),
    }
    return real("svr-diabetes", space, make, "diabetes", Metric.SQUARED)


def tree_cancer() -> Problem:
    def make(c: Configuration) -> Any:
        from sklearn.tree import DecisionTreeClassifier

        return DecisionTreeClassifier(**c, random_state=0)

    space: Space = {
        "max_depth": Int(1, 15, LINEAR),
        "min_samples_split": Float(0.01, 0.99, LINEAR),
        "min_samples_leaf": Float(0.01, 0.49, LINEAR),
        "max_features": Float(0.01, 0.99, LINEAR),
        "min_impurity_decrease": Float(1e-6, 0.5, LOGARITHMIC),
        "ccp_alpha": Float(1e-6, 0.5, LOGARITHMIC),
    }
    return real("tree-cancer", space, make, "breast_cancer", Metric.LOG, folds=4)


def mlp_wine() -> Problem:
    def make(c: Configuration) -> Any:
        from sklearn.neural_network import MLPClassifier

        return MLPClassifier(
            hidden_layer_sizes=(c["width"],),
            alpha=c["alpha"],
            learning_rate_init=c["learning_rate"],
            batch_size=c["batch"],
            beta_1=c["beta_1"],
            beta_2=c["beta_2"],
            activation=c["activation"],
            max_iter=c["epochs"],
            random_state=0,
        )

    space: Space = {
        "width": Int(3, 80, LOGARITHMIC),
        "alpha": Float(1e-6, 10.0, LOGARITHMIC),
        "learning_rate": Float(1e-5, 0.3, LOGARITHMIC),
        "batch": Int(8, 128, LOGARITHMIC),
        "beta_1": Float(0.5, 0.99, LINEAR),
        "beta_2": Float(0.9, 0.9999, LINEAR),
        "activation": Choice(("relu", "tanh", "logistic")),
        "epochs": Int(2, 20, LINEAR),
    }
    return real("mlp-wine", space, make, "wine", Metric.LOG, folds=2)


def knn_digits() -> Problem:
    def make(c: Configuration) -> Any:
        from sklearn.decomposition import PCA
        from sklearn.neighbors import KNeighborsClassifier
        from sklearn.pipeline import make_pipeline

        reduction = PCA(c["components"], whiten=c["whiten"] == "yes", svd_solver="full")
        neighbours = KNeighborsClassifier(c["k"], weights=c["weights"], metric=c["metric"], algorithm="brute")
        return make_pipeline(reduction, neighbours)

    space: Space = {
        "k": Int(1, 60, LOGARITHMIC),
        "weights": Choice(("uniform", "distance")),
        "metric": Choice(("euclidean", "manhattan", "cosine", "chebyshev")),
        "components": Int(2, 50, LOGARITHMIC),
        "whiten": Choice(("no", "yes")),
    }
    return real("knn-digits", space, make, "digits", Metric.ERROR, rows=500, folds=2)


def boosting_cancer() -> Problem:
    def make(c: Configuration) -> Any:
        from sklearn.ensemble import GradientBoostingClassifier

        return GradientBoostingClassifier(**c, random_state=0)

    space: Space = {
        "n_estimators": Int(3, 30, LOGARITHMIC),
        "learning_rate": Float(1e-3, 3.0, LOGARITHMIC),
        "max_depth": Int(1, 6, LINEAR),
        "subsample": Float(0.1, 1.0, LINEAR),
        "min_samples_leaf": Int(1, 100, LOGARITHMIC),
        "max_features": Float(0.05, 1.0, LINEAR),
    }
    return real("boosting-cancer", space, make, "breast_cancer", Metric.LOG, rows=300, folds=2)


def sgd_digits() -> Problem:
    def make(c: Configuration) -> Any:
        from sklearn.linear_model import SGDClassifier

        return SGDClassifier(**c, learning_rate="constant", max_iter=4, tol=None, random_state=0)

    space: Space = {
        "loss": Choice(("log_loss", "modified_huber")),
        "penalty": Choice(("l2", "l1", "elasticnet")),
        "alpha": Float(1e-7, 1.0, LOGARITHMIC),
        "eta0": Float(1e-5, 10.0, LOGARITHMIC),
        "l1_ratio": Float(0.0, 1.0, LINEAR),
        "average": Int(1, 1000, LOGARITHMIC),
    }
    return real("sgd-digits", space, make, "digits", Metric.LOG, rows=300, folds=2)


def forest_diabetes() -> Problem:
    def make(c: Configuration) -> Any:
        from sklearn.ensemble import RandomForestRegressor

        return RandomForestRegressor(
            c["trees"],
            max_depth=c["max_depth"],
            min_samples_leaf=c["min_samples_leaf"],
            max_features=c["max_features"],
            bootstrap=c["bootstrap"] == "yes",
            random_state=0,
        )

    space: Space = {
        "trees": Int(2, 10, LOGARITHMIC),
        "max_depth": Int(1, 12, LINEAR),
        "min_samples_leaf": Int(1, 100, LOGARITHMIC),
        "max_features": Float(0.1, 1.0, LINEAR),
        "bootstrap": Choice(("yes", "no")),
    }
    return real("forest-diabetes", space, make, "diabetes", Metric.SQUARED, folds=2)


def descent_diabetes() -> Problem:
    """Stochastic gradient descent whose weights overflow at high learning rates: a plateau of diverged runs."""

    def make(c: Configuration) -> Any:
        from sklearn.linear_model import SGDRegressor

        return SGDRegressor(**c, max_iter=20, tol=None, random_state=0)

    space: Space = {
        "eta0": Float(1e-6, 10.0, LOGARITHMIC),
        "power_t": Float(0.0, 0.6, LINEAR),
        "alpha": Float(1e-7, 10.0, LOGARITHMIC),
        "l1_ratio": Float(0.0, 1.0, LINEAR),
        "penalty": Choice(("l2", "l1", "elasticnet")),
    }
    return real("descent-diabetes", space, make, "diabetes", Metric.SQUARED)
