import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { NarrowedSchema } from "../../generated/tunewright/v1/metrics_service_pb";
import { ScalingType, Strategy, TuningJobSpecSchema } from "../../generated/tunewright/v1/spec_pb";
import { definitionOf, nameAfter, narrowedSpec, type Proposal } from "./child";
import { fieldsOf } from "./fields";
import { isApplied, withRange } from "./narrowed";

const float = (name: string, low: number, high: number) => ({
  name,
  range: { case: "floatRange", value: { low, high, scaling: ScalingType.AUTO } } as const,
});

const parent = create(TuningJobSpecSchema, {
  name: "parent",
  strategy: Strategy.BAYESIAN,
  randomSeed: 4n,
  definitions: [{ parameters: [float("x", 0, 1), float("y", 0, 1)] }],
  enqueued: [{ configuration: {} }],
});
const wider = create(NarrowedSchema, { parameter: float("x", 0.5, 2) });
const fixed = create(NarrowedSchema, { parameter: float("y", 0.25, 0.25) });
const proposal: Proposal = { parent, mayWarmStart: true, narrowed: [wider, fixed], refused: "" };

test("a narrowed job has the ranges proposed, what is fixed among the fixed, and knows its parent", () => {
  const spec = narrowedSpec(proposal, "parent-n2");
  expect(spec).toMatchObject({
    name: "parent-n2",
    enqueued: [],
    randomSeed: 5n,
    warmStart: { parents: ["parent"] },
  });
  const fields = fieldsOf(spec, true);
  expect(fields.params).toMatchObject([{ name: "x", low: "0.5", high: "2" }]);
  expect(fields.fixed).toEqual([{ name: "y", value: "0.25" }]);
  expect(parent.definitions[0]?.parameters).toHaveLength(2);
});

test("of several definitions each has the ranges proposed for it", () => {
  const two = create(TuningJobSpecSchema, {
    name: "two",
    definitions: ["a", "b"].map((name) => ({ name, parameters: [float("x", 0, 1), float("y", 0, 1)] })),
  });
  const narrowed = [
    create(NarrowedSchema, { definitionName: "b", parameter: float("x", 0.5, 2) }),
    create(NarrowedSchema, { definitionName: "a", parameter: float("x", 0, 0.5) }),
  ];
  expect(narrowedSpec({ ...proposal, parent: two, narrowed }, "two-n2").definitions).toMatchObject([
    { parameters: [{ range: { value: { low: 0, high: 0.5 } } }, { range: { value: { low: 0, high: 1 } } }] },
    { parameters: [{ range: { value: { low: 0.5, high: 2 } } }, { range: { value: { low: 0, high: 1 } } }] },
  ]);
  expect(narrowed.map((item) => definitionOf(two, item)?.name)).toEqual(["b", "a"]);
  expect(definitionOf(parent, wider)).toBe(parent.definitions[0]);
});

test("each proposal is taken and left by itself", () => {
  const was = fieldsOf(parent, true);
  const [x, y] = parent.definitions[0]?.parameters ?? [];
  if (!x || !y || !wider.parameter || !fixed.parameter) throw new Error("the parent has two parameters");
  expect(isApplied(was, wider)).toBe(false);
  const taken = { ...was, ...withRange(was, wider.parameter) };
  expect(isApplied(taken, wider)).toBe(true);
  const both = { ...taken, ...withRange(taken, fixed.parameter) };
  expect(isApplied(both, fixed)).toBe(true);
  expect(both.params.map(({ name }) => name)).toEqual(["x"]);
  const back = { ...both, ...withRange({ ...both, ...withRange(both, x) }, y) };
  expect(isApplied(back, fixed)).toBe(false);
  expect(back.fixed).toEqual([]);
});

test.each([
  ["digits", [], "digits-2"],
  ["digits-2", ["digits-2", "Digits-3"], "digits-4"],
  ["a".repeat(32), [], `${"a".repeat(28)}-2`],
])("after %s comes a free name", (name, taken, next) =>
  expect(nameAfter(name, "-", new Set(taken.map((one) => one.toLowerCase())))).toBe(next));
