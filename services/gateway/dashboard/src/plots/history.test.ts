import { expect, test } from "vitest";
import { TrainingState } from "../generated/tunewright/v1/tuning_service_pb";
import { history, improvements } from "./history";
import { numberOf } from "./look";
import { drawn, LOSS, PALETTE, seriesOf, trial, trials } from "./made";
import { valued } from "./subject";

const BY_NUMBER = { by: "number", log: false } as const;

test("the line is the best by then, to the end of the axis", () => {
  const values = [3, 5, 2, 2, 4].map((value, at) => trial(at + 1, { value }));
  const plot = drawn(history(values, LOSS, PALETTE, BY_NUMBER));
  expect(seriesOf(plot, "Best so far").data).toEqual([
    [1, 3],
    [3, 2],
    [5, 2],
  ]);
  expect(plot.says).toContain("2, of training 3");
});

test("of a maximized objective the best is the largest", () => {
  const values = valued([3, 5, 2].map((value, at) => trial(at + 1, { value })));
  expect(improvements(values, { metric: "f1", minimize: false }).map(({ number }) => number)).toEqual([1, 2]);
});

test("those without an objective have their own place, and a row in the table", () => {
  const failed = trial(2, { value: undefined, state: TrainingState.FAILED, status: "Failed" });
  const plot = drawn(history([trial(1), failed], LOSS, PALETTE, BY_NUMBER));
  expect(seriesOf(plot, "Without an objective").data).toHaveLength(1);
  expect(plot.note).toContain("1 training without");
  expect(plot.table().rows).toHaveLength(2);
});

test("by time it is in the order of ends", () => {
  const [slow, quick] = [trial(1, { value: 1, endedAt: 9000 }), trial(2, { value: 2, endedAt: 5000 })];
  const plot = drawn(history([slow, quick], LOSS, PALETTE, { by: "time", log: false }));
  expect(seriesOf(plot, "Best so far").data).toEqual([
    [5000, 2],
    [9000, 1],
    [9000, 1],
  ]);
});

test("an axis is logarithmic only if all values are above zero", () => {
  const shown = (value: number) => {
    const plot = drawn(history([trial(1, { value }), trial(2)], LOSS, PALETTE, { by: "number", log: true }));
    return [(plot.option.yAxis as { type: string }).type, plot.note];
  };
  expect(shown(1)).toEqual(["log", undefined]);
  expect(shown(-1)).toEqual(["value", "Not all values are above zero: the axis stays linear."]);
});

test("the table has the best value by then, and which training improved it", () => {
  const values = [3, undefined, 5, 2].map((value, at) => trial(at + 1, { value, endedAt: (9 - at) * 1000 }));
  const last = (by: "number" | "time") =>
    drawn(history(values, LOSS, PALETTE, { by, log: false }))
      .table()
      .rows.map((row) => row.slice(-2));
  expect(last("number")).toEqual([
    [3, "yes"],
    [3, "no"],
    [3, "no"],
    [2, "yes"],
  ]);
  expect(last("time")).toEqual([
    [2, "no"],
    [2, "no"],
    [2, "no"],
    [2, "yes"],
  ]);
});

test("what is clicked is a training's number", () => {
  const plot = drawn(history(trials(3), LOSS, PALETTE, BY_NUMBER));
  const [first] = seriesOf(plot, "Completed").data as unknown[];
  expect(numberOf(first)).toBe(1);
  expect([numberOf({ value: [0.1, 7] }), numberOf("x"), numberOf([0.5])]).toEqual([7, undefined, undefined]);
});

test("without an objective there is nothing to draw", () => {
  expect(history([trial(1, { value: undefined })], LOSS, PALETTE, BY_NUMBER)).toEqual({
    empty: "No training has an objective yet.",
  });
});
