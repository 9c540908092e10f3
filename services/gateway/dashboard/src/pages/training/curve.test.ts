import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { StopEvidenceSchema } from "../../generated/tunewright/v1/tuning_service_pb";
import { isDrawn, type Palette } from "../../plots/plot";
import { curve, type Point, smoothed } from "./curve";

const points = (values: number[]): Point[] =>
  values.map((value, at) => ({ step: at + 1, value, at: at * 1000 }));
const CHOICES = { metric: "loss", smoothing: 0, log: false, stopped: undefined };
const drawn = (values: number[], choices: Partial<Parameters<typeof curve>[2]> = {}) => {
  const plot = curve(points(values), {} as Palette, { ...CHOICES, ...choices });
  if (!isDrawn(plot)) throw new Error(plot.empty);
  return plot;
};

test("what does not change is not changed by smoothing, not even at its beginning", () => {
  expect(smoothed([3, 3, 3], 0.9).map((value) => Number(value.toFixed(9)))).toEqual([3, 3, 3]);
  expect(smoothed([1, 5], 0)).toEqual([1, 5]);
});

test("a step is smoothed towards what was before", () => {
  const [first, second] = smoothed([0, 1], 0.5);
  expect(first).toBe(0);
  expect(second).toBeCloseTo(2 / 3, 9);
});

test("a curve tells its last value, and its table has all of them", () => {
  const plot = drawn([3, 2, 1]);
  expect(plot.says).toBe("loss over 3 emissions; the last is 1.");
  expect(plot.table().rows[2]).toEqual([3, 1, "1970-01-01T00:00:02.000Z"]);
});

test("values that are no numbers are left out, and that is said", () => {
  expect(drawn([3, Number.NaN, 1]).note).toBe("1 value that is no finite number left out.");
  expect(curve(points([Number.NaN]), {} as Palette, CHOICES)).toEqual({
    empty: "None of its values of loss is a finite number.",
  });
  expect(curve([], {} as Palette, CHOICES)).toEqual({ empty: "It has said nothing of loss yet." });
});

test("a logarithmic axis is only where it can be", () => {
  expect(drawn([3, 2], { log: true }).option.yAxis).toMatchObject({ type: "log" });
  const refused = drawn([3, -2], { log: true });
  expect(refused.option.yAxis).toMatchObject({ type: "value" });
  expect(refused.note).toContain("the axis stays linear");
});

test("where it was stopped early is marked, with the sentence", () => {
  const stopped = create(StopEvidenceSchema, {
    rule: "median",
    step: 2n,
    value: 2,
    against: 1,
    text: "worse than most",
  });
  const plot = drawn([3, 2], { stopped });
  expect(plot.note).toBe("◆ worse than most");
  expect(JSON.stringify(plot.option.series)).toContain('"coord":[2,2]');
});
