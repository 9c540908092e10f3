import math

from bench.suggester.peers.liar import Liar
from bench.suggester.peers.peer import Setting, decoded, encoded
from bench.suggester.problems.problem import Kind, Problem
from bench.suggester.results import Run, Task, append, read
from bench.suggester.runs import traced

from tunewright.core.space import Choice, Float, Int, ScalingType

SPACE = {"x": Float(0.0, 10.0)}


class Counting:
    """Asks for 0, 1, 2 …; writes down what it is told and how many are pending at most."""

    def __init__(self):
        self.told, self.asked, self.most = [], 0, 0

    def ask(self):
        self.asked += 1
        self.most = max(self.most, self.asked - len(self.told))
        return {"x": float(self.asked - 1)}

    def tell(self, configuration, value):
        self.told.append((configuration["x"], value))

    def close(self):
        pass


def test_a_trace_holds_the_best_so_far_and_nothing_before_the_first_success():
    values = [math.nan, 5.0, 7.0, math.inf, 2.0]
    problem = Problem("steps", Kind.SYNTHETIC, SPACE, lambda c: values[int(c["x"])])
    peer = Counting()
    assert traced(problem, peer, Task("steps", "counting", 0, 5)) == [None, 5.0, 5.0, 5.0, 2.0]
    assert [value for _, value in peer.told] == [None, 5.0, 7.0, None, 2.0]


def test_workers_keep_so_many_pending_and_all_is_told_in_the_end():
    problem = Problem("line", Kind.SYNTHETIC, SPACE, lambda c: float(c["x"]))
    peer = Counting()
    traced(problem, peer, Task("line", "counting", 0, 10, parallel=4))
    assert peer.most == 4
    assert sorted(x for x, _ in peer.told) == [float(x) for x in range(10)]


def test_two_optimisers_see_the_same_durations():
    problem = Problem("line", Kind.SYNTHETIC, SPACE, lambda c: float(c["x"]))
    first, second = Counting(), Counting()
    for peer in (first, second):
        traced(problem, peer, Task("line", "counting", 3, 10, parallel=4))
    assert first.told == second.told


def test_the_liar_tells_a_copy_the_best_value_for_what_is_pending():
    copies = []

    def copy(_):
        copies.append(Counting())
        return copies[-1]

    liar = Liar(copy, Setting(SPACE, 1, 10, 2), initial=1)
    first = liar.ask()
    liar.tell(first, 4.0)
    pending = liar.ask()
    liar.ask()
    assert copies[0].told == []
    assert copies[2].told == [(first["x"], 4.0), (pending["x"], 4.0)]


def test_a_space_survives_the_pipe():
    space = {
        "lr": Float(1e-5, 1.0, ScalingType.LOGARITHMIC),
        "n": Int(1, 9, ScalingType.AUTO),
        "c": Choice(("a", "b")),
    }
    assert decoded(encoded(space)) == space


def test_results_survive_a_torn_last_line(tmp_path):
    run = Run("branin", "ours", 0, 3, 1, "v1", (None, 2.0, 1.0), 3.5)
    append(tmp_path / "runs.jsonl", [run])
    with (tmp_path / "runs.jsonl").open("a") as file:
        file.write('{"problem": "bra')
    assert read(tmp_path / "runs.jsonl") == [run]
