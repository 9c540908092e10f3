// Plots of what trainings did over time: the timeline, learning curves, Hyperband's brackets.

import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { CurveSchema } from "../generated/tunewright/v1/metrics_service_pb";
import { EndCause, TrainingAttemptSchema, TrainingState } from "../generated/tunewright/v1/tuning_service_pb";
import type { Trial } from "../trainings/trials";
import { arrivals, brackets, toldOf } from "./brackets";
import { curves, MOST_CURVES } from "./curves";
import { bars, lanes } from "./lanes";
import { allSeries, drawn, LOSS, PALETTE, seriesOf, trial, trials } from "./made";
import { timeline } from "./timeline";

const ran = (number: number, startedAt: number, endedAt: number | undefined, more: Partial<Trial> = {}) =>
  trial(number, { startedAt, endedAt, ...more });
const running = { state: TrainingState.RUNNING, value: undefined };

test("trainings that overlap stand in rows of their own, and a free row is used again", () => {
  const some = [ran(1, 0, 10), ran(2, 5, 15), ran(3, 12, 20), ran(4, 0, 9, { trainer: "b" })];
  const rows = lanes(bars(some), 100).map(({ trainer, bars }) => [
    trainer,
    bars.map(({ trial }) => trial.number),
  ]);
  expect(rows).toEqual([
    ["a", [1, 3]],
    ["a", [2]],
    ["b", [4]],
  ]);
});

test("earlier attempts are bars too, and a running one goes on to now", () => {
  const lost = create(TrainingAttemptSchema, {
    number: 1,
    trainerId: "b",
    startedAt: timestampFromMs(1000),
    endedAt: timestampFromMs(3000),
    endCause: EndCause.LOST,
  });
  const one = ran(1, 5000, undefined, { ...running, attempt: 2, earlier: [lost] });
  expect(bars([one]).map(({ trainer, from, to, end }) => [trainer, from, to, end])).toEqual([
    ["b", 1000, 3000, "lost"],
    ["a", 5000, undefined, "running"],
  ]);
  const plot = drawn(timeline([one], LOSS, PALETTE, 9000));
  expect(seriesOf(plot, "Running").data).toEqual([[0, 5000, 9000, 0, 1]]);
  expect(plot.table().rows).toHaveLength(2);
});

const curve = (number: number, values: number[]) =>
  create(CurveSchema, {
    number,
    trainingName: `job-${number}`,
    steps: values.map((_, at) => BigInt(at + 1)),
    values,
  });
const byNumber = (...all: ReturnType<typeof curve>[]) => new Map(all.map((one) => [one.number, one]));

test("the best curves are drawn, those that run always, and what is left out is said", () => {
  const all = byNumber(...trials(5).map(({ number }) => curve(number, [1, 2])));
  const some = [...trials(4), trial(5, running)];
  const plot = drawn(curves(all, some, LOSS, PALETTE, { metric: "loss", top: 2, log: false }));
  expect(seriesOf(plot, "Running").data).toEqual([[2, 2, 5]]);
  expect(allSeries(plot)).toHaveLength(3 + 2);
  expect(plot.note).toContain("2 curves of 5 left out");
  expect(plot.table().rows).toHaveLength(10);
});

test("curves of trainings that are not asked for are neither drawn nor counted", () => {
  const all = byNumber(...trials(5).map(({ number }) => curve(number, [1, 2])));
  const choices = { metric: "loss", top: 0, log: false };
  const plot = drawn(curves(all, trials(3), LOSS, PALETTE, choices));
  expect(plot.note).toBeUndefined();
  expect(plot.table().rows.map(([number]) => number)).toEqual([1, 1, 2, 2, 3, 3]);
  expect(curves(all, [trial(9)], LOSS, PALETTE, choices)).toHaveProperty("empty");
});

test("asked for a logarithmic axis, each plot says if it cannot have one", () => {
  const all = byNumber(curve(1, [1, 0]));
  const plot = drawn(curves(all, trials(1), LOSS, PALETTE, { metric: "loss", top: 0, log: true }));
  expect(plot.note).toContain("stays linear");
});

test("ten thousand curves are not drawn, whatever is chosen", () => {
  const all = byNumber(...trials(2000).map(({ number }) => curve(number, [1])));
  const plot = drawn(curves(all, trials(2000), LOSS, PALETTE, { metric: "loss", top: 0, log: false }));
  expect(allSeries(plot)).toHaveLength(MOST_CURVES + 2);
});

test("who was stopped has a mark at its end", () => {
  const stopped = trial(1, { state: TrainingState.STOPPED, stopRule: "median" });
  const plot = drawn(
    curves(byNumber(curve(1, [3, 4])), [stopped], LOSS, PALETTE, { metric: "loss", top: 5, log: false }),
  );
  expect(seriesOf(plot, "Stopped early").data).toEqual([[2, 4, 1]]);
});

test("at each rung it is known who went on, was stopped, and finished", () => {
  const rungs = [1, 3, 9];
  const some = [
    trial(1, { rungs }),
    trial(2, { rungs, state: TrainingState.STOPPED, stopRule: "rung" }),
    trial(3, { rungs, ...running }),
    trial(4, { rungs, state: TrainingState.FAILED, value: undefined }),
  ];
  const all = byNumber(
    curve(1, [9, 8, 7, 6, 5, 4, 3, 2, 1]),
    curve(2, [5, 6, 7, 8]),
    curve(3, [4]),
    curve(4, [3]),
  );
  expect(
    arrivals(some, all).map(({ trial, rung, value, fate }) => [trial.number, rung, value, fate]),
  ).toEqual([
    [1, 1, 9, "went on"],
    [1, 3, 7, "went on"],
    [1, 9, 1, "finished"],
    [2, 1, 5, "went on"],
    [2, 3, 7, "stopped"],
    [3, 1, 4, "under way"],
    [4, 1, 3, "failed"],
  ]);
  const plot = drawn(brackets(some, all, LOSS, PALETTE));
  expect(plot.says).toContain("1 stopped at a rung, 1 finished");
  expect(plot.table().rows).toHaveLength(7);
});

test("of a thinned curve a rung's value is that of the step before, and says so", () => {
  const thinned = create(CurveSchema, { number: 1, steps: [1n, 9n, 27n], values: [1, 1 / 9, 1 / 27] });
  const some = [trial(1, { rungs: [3, 9, 27] })];
  const [first, second] = arrivals(some, byNumber(thinned));
  if (!first || !second) throw new Error("no arrivals");
  expect([toldOf(first, LOSS), toldOf(second, LOSS)]).toEqual([
    "rung 3: loss  1 (≈ at step 1)",
    "rung 9: loss  0.111111",
  ]);
  const plot = drawn(brackets(some, byNumber(thinned), LOSS, PALETTE));
  expect(plot.table().columns).toContain("at step");
  expect(plot.table().rows.map((row) => row[5])).toEqual([1, 9, 27]);
  expect(plot.note).toContain("1 value of 3 is of a step before the rung");
});
