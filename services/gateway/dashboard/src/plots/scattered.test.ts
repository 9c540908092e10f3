// Slices, the contour, and what they choose of very many trainings.

import { expect, test } from "vitest";
import { axesOf } from "./axes";
import { contour } from "./contour";
import { surface } from "./interpolation";
import { allSeries, drawn, LOSS, PALETTE, spec, trial, trials } from "./made";
import { MOST_POINTS, slice } from "./slice";
import { chosen, ranked, subjectOf } from "./subject";

test("of very many the best half and evenly spread others are chosen, the best last", () => {
  const some = chosen(
    Array.from({ length: 100 }, (_, at) => at),
    10,
  );
  expect(some).toHaveLength(10);
  expect(some.slice(-5)).toEqual([4, 3, 2, 1, 0]);
  expect(new Set(some).size).toBe(10);
  expect(chosen([1, 2, 3], 10)).toEqual([3, 2, 1]);
});

test("ranked are those with an objective, the best first", () => {
  const some = [trial(1, { value: 2 }), trial(2, { value: undefined }), trial(3, { value: 1 })];
  expect(ranked(some, LOSS).map(({ number }) => number)).toEqual([3, 1]);
  expect(ranked(some, { ...LOSS, minimize: false }).map(({ number }) => number)).toEqual([1, 3]);
});

test("several definitions share an objective only if all have the same", () => {
  const same = spec({ name: "a", metric: "f1" }, { name: "b", metric: "f1" });
  const other = spec({ name: "a", metric: "f1" }, { name: "b", metric: "loss" });
  expect([subjectOf(same, ""), subjectOf(other, ""), subjectOf(other, "b")]).toEqual([
    { metric: "f1", minimize: true },
    undefined,
    { metric: "loss", minimize: true },
  ]);
});

test("each slice has all points, and of thousands as many as help", () => {
  const axes = axesOf(trials(10), spec());
  const points = (count: number) =>
    allSeries(drawn(slice(trials(count), LOSS, PALETTE, { axes, log: false }))).reduce(
      (sum, { data }) => sum + data.length,
      0,
    );
  expect([points(10), points(10_000)]).toEqual([30, 3 * MOST_POINTS]);
  expect(drawn(slice(trials(10_000), LOSS, PALETTE, { axes, log: false })).table().rows).toHaveLength(10_000);
});

test("the surface goes through the points and says nothing far from all", () => {
  const points = Array.from({ length: 100 }, (_, at) => ({ x: at / 400, y: (at % 10) / 40, value: 5 }));
  const cells = surface(points, 20, 20);
  expect(cells.every(({ value }) => Math.abs(value - 5) < 1e-9)).toBe(true);
  expect(cells.some(({ column, row }) => column > 12 && row > 12)).toBe(false);
  const [only] = surface([{ x: 0.5, y: 0.5, value: 3 }], 1, 1);
  expect(only?.value).toBe(3);
});

test("the surface between two points is nearer to the nearer one", () => {
  const at = (column: number) =>
    surface(
      [
        { x: 0, y: 0.5, value: 0 },
        { x: 1, y: 0.5, value: 1 },
      ],
      10,
      1,
    ).find((cell) => cell.column === column)?.value ?? Number.NaN;
  expect(at(1)).toBeLessThan(0.2);
  expect(at(8)).toBeGreaterThan(0.8);
});

test("a contour of a log axis and one of texts has a cell for each text", () => {
  const [kind, lr] = axesOf(trials(40), spec());
  const plot = drawn(contour(trials(40), LOSS, PALETTE, { x: lr, y: kind }));
  const rows = new Set(allSeries(plot)[0]?.data.map((cell) => (cell as number[])[1]));
  expect([...rows].sort()).toEqual([0, 1]);
  expect(plot.note).toContain("interpolated");
  expect(contour(trials(40), LOSS, PALETTE, { x: lr, y: lr })).toHaveProperty("empty");
});
