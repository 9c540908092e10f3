import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { ParameterSchema, ScalingType } from "../../generated/tunewright/v1/spec_pb";
import { shareIn } from "./ranges";

const float = (low: number, high: number, scaling: ScalingType) =>
  create(ParameterSchema, { name: "lr", range: { case: "floatRange", value: { low, high, scaling } } });

test.each([
  [float(0, 10, ScalingType.LINEAR), 2.5, 0.25],
  [float(0.001, 10, ScalingType.LOGARITHMIC), 0.1, 0.5],
  [float(0.001, 10, ScalingType.AUTO), 0.1, 0.5],
  [float(1, 10, ScalingType.AUTO), 5.5, 0.5],
  [float(0, 0.99, ScalingType.REVERSE_LOGARITHMIC), 0.9, 0.5],
  [float(0, 1, ScalingType.LINEAR), 7, 1],
])("a value has its place on the scale in force", (parameter, value, share) => {
  expect(shareIn(parameter, value)).toBeCloseTo(share, 6);
});

test("whole numbers have one too, and a range of one value has none", () => {
  const int = (low: bigint, high: bigint) =>
    create(ParameterSchema, {
      range: { case: "intRange", value: { low, high, scaling: ScalingType.LINEAR } },
    });
  expect(shareIn(int(0n, 4n), 3)).toBe(0.75);
  expect(shareIn(int(4n, 4n), 4)).toBeUndefined();
});

test("of a choice there is none", () => {
  const choice = create(ParameterSchema, { range: { case: "choiceRange", value: { values: ["a", "b"] } } });
  expect(shareIn(choice, "a")).toBeUndefined();
});
