import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import {
  Direction,
  ParameterSchema,
  ScalingType,
  TuningJobSpecSchema,
} from "../generated/tunewright/v1/spec_pb";
import { objectiveOf, objectiveText, rangeText } from "./specs";

test("ranges are said as people say them", () => {
  const text = (range: Parameters<typeof create<typeof ParameterSchema>>[1]) =>
    rangeText(create(ParameterSchema, range));
  const scaling = ScalingType.LOGARITHMIC;
  expect([
    text({ range: { case: "floatRange", value: { low: 1e-5, high: 1, scaling } } }),
    text({ range: { case: "intRange", value: { low: 3n, high: 3n } } }),
    text({ range: { case: "choiceRange", value: { values: ["adam", "sgd"] } } }),
  ]).toEqual(["1e-5 … 1, logarithmic", "always 3", "adam, sgd"]);
});

test("a definition without an objective of its own has the job's", () => {
  const spec = create(TuningJobSpecSchema, {
    objective: { metricName: "loss", direction: Direction.MINIMIZE },
    definitions: [
      { name: "a" },
      { name: "b", objective: { metricName: "auc", direction: Direction.MAXIMIZE } },
    ],
  });
  expect(["a", "b", "c"].map((name) => objectiveText(objectiveOf(spec, name)))).toEqual([
    "minimize loss",
    "maximize auc",
    "minimize loss",
  ]);
});
