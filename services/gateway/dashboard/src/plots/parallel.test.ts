import { expect, test } from "vitest";
import { axesOf, objectiveAxis, varies } from "./axes";
import { brushed, OBJECTIVE, readBrushes, withBrush, writeBrushes } from "./brushing";
import { moved, orderOf, writeOrder } from "./cards/order";
import { allSeries, drawn, LOSS, PALETTE, spec, trials } from "./made";
import { MOST_LINES, parallel } from "./parallel";

const all = trials(40);
const axes = [
  ...axesOf(all, spec()).filter(varies),
  { ...objectiveAxis("loss", [0, 1], false), name: OBJECTIVE },
];
const numbers = (brushes: Record<string, [number, number]>, top = 100) =>
  brushed(all, LOSS, axes, brushes, top)
    .map(({ number }) => number)
    .sort((one, other) => one - other);

test("a brush keeps what is within it, on every axis", () => {
  expect(numbers({ kind: [0.5, 1.5] })).toEqual(
    all.filter(({ number }) => number % 2).map(({ number }) => number),
  );
  expect(numbers({ kind: [0.5, 1.5], lr: [0.9, 1] })).toEqual([5, 15, 25, 35]);
  expect(numbers({ [OBJECTIVE]: [0.3, 1] })).toEqual([1, 2, 3]);
});

test("the best so many percent are counted before the brush", () => {
  expect(numbers({}, 10)).toEqual([37, 38, 39, 40]);
  expect(numbers({ kind: [0.5, 1.5] }, 10)).toEqual([37, 39]);
});

test("the table has those that are chosen, and no others", () => {
  const plot = drawn(
    parallel(all, LOSS, PALETTE, { axes, within: brushed(all, LOSS, axes, { lr: [0.9, 1] }, 100) }),
  );
  expect(plot.table().rows.map(([number]) => number)).toEqual([5, 10, 15, 20, 25, 30, 35, 40]);
});

test("of thousands the best are drawn, and it is said that others are not", () => {
  const many = trials(10_000);
  const plot = drawn(parallel(many, LOSS, PALETTE, { axes, within: brushed(many, LOSS, axes, {}, 100) }));
  const strong = allSeries(plot)
    .slice(1)
    .flatMap(({ data }) => data as number[][]);
  expect(strong).toHaveLength(MOST_LINES);
  expect(strong.map((line) => line.at(-1))).toContain(10_000);
  expect(plot.note).toContain("of 10,000 lines drawn");
});

test("brushes go through the URL, and what is none is left out", () => {
  const brushes = withBrush({}, "a:b,c", [0.1, 2]);
  expect(readBrushes(writeBrushes(brushes))).toEqual(brushes);
  expect(writeBrushes(withBrush(brushes, "a:b,c", undefined))).toBe("");
  expect([readBrushes("{"), readBrushes("null"), readBrushes('{"x":[1],"y":[1,2]}')]).toEqual([
    {},
    {},
    { y: [1, 2] },
  ]);
});

test("the order of axes goes through the URL, and the usual one is no text", () => {
  const order = ["b,1", "a%", "c"];
  expect(orderOf(writeOrder(order, []), [])).toEqual(order);
  expect(writeOrder(order, order)).toBe("");
  expect(orderOf("", order)).toEqual(order);
  expect([moved(order, "c", -1), moved(order, "c", 1)]).toEqual([["b,1", "c", "a%"], order]);
});
