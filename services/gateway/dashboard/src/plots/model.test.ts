import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { ImportanceSchema, PartialDependenceSchema } from "../generated/tunewright/v1/metrics_service_pb";
import { ValueSchema } from "../generated/tunewright/v1/spec_pb";
import { axesOf } from "./axes";
import { milestone } from "./cards/milestone";
import { dependence } from "./dependence";
import { distribution, steps } from "./distribution";
import { byImportance, importance } from "./importance";
import { allSeries, drawn, LOSS, PALETTE, spec, trial, trials } from "./made";

const share = (parameter: string, method: string, share: number) =>
  create(ImportanceSchema, { parameter, method, share, low: share / 2, high: share * 1.5 });
const SHARES = [share("a", "sobol", 0.2), share("b", "sobol", 0.6), share("b", "sobol_total", 0.7)];

test("importance is of one method, the most important on top", () => {
  const plot = drawn(importance(SHARES, PALETTE, { method: "sobol" }));
  expect(plot.option.yAxis).toMatchObject({ data: ["a", "b"] });
  expect(allSeries(plot)[1]?.data).toEqual([
    [0.1, expect.closeTo(0.3), 0],
    [0.3, expect.closeTo(0.9), 1],
  ]);
  expect(plot.says).toContain("b comes first, with a share of 60 %");
  expect(plot.table().rows).toHaveLength(3);
  expect(byImportance(SHARES)).toEqual(["b", "a"]);
  expect(importance([], PALETTE, { method: "" })).toHaveProperty("empty");
});

test("dependence has one deviation to each side, on the parameter's own axis", () => {
  const at = [0.001, 0.1].map((value) => create(ValueSchema, { kind: { case: "floatValue", value } }));
  const of = create(PartialDependenceSchema, { parameter: "lr", at, mean: [2, 1], deviation: [0.5, 0.25] });
  const axis = axesOf(trials(10), spec()).find(({ name }) => name === "lr");
  const plot = drawn(dependence(of, axis, LOSS, PALETTE));
  expect(plot.option.xAxis).toMatchObject({ type: "log" });
  expect(plot.table().rows).toEqual([
    [0.001, 2, 1.5, 2.5],
    [0.1, 1, 0.75, 1.25],
  ]);
  expect(plot.says).toContain("best at 0.1");
});

test("the distribution has a line for each definition, from its best to its worst", () => {
  const some = [trial(1, { definition: "a" }), trial(2, { definition: "b" }), trial(3, { definition: "b" })];
  const plot = drawn(distribution(some, LOSS, PALETTE, { log: false }));
  expect(allSeries(plot).map(({ name, data }) => [name, data])).toEqual([
    ["a", [[1, 1]]],
    [
      "b",
      [
        [1 / 3, 0.5],
        [1 / 2, 1],
      ],
    ],
  ]);
  expect(plot.table().rows).toHaveLength(3);
});

test("a long line is thinned, both ends kept", () => {
  const line = steps(
    Array.from({ length: 10_000 }, (_, at) => at),
    50,
  );
  expect([line.length, line[0], line.at(-1)]).toEqual([50, [0, 0.0001], [9999, 1]]);
});

test("a running job is analysed again whenever it has a tenth more", () => {
  expect([milestone(3), milestone(4)]).toEqual([3, 4]);
  expect(milestone(1000)).toBe(milestone(1005));
  expect(milestone(1000)).not.toBe(milestone(1100));
});
