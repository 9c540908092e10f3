import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { MeasurementSchema } from "../../generated/tunewright/v1/metrics_service_pb";
import { joined, NONE } from "./values";

const said = (metric: string, ...steps: number[]) =>
  steps.map((step) => create(MeasurementSchema, { metric, step: BigInt(step), value: step / 10 }));

test("what was listed and comes once more is there once", () => {
  const values = joined(joined(NONE, said("loss", 1, 2, 3)), [...said("loss", 3, 4), ...said("f1", 1)]);
  expect(values.get("loss")?.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
  expect(values.get("f1")?.map(({ value }) => value)).toEqual([0.1]);
});

test("where nothing comes nothing changes", () => {
  const values = joined(NONE, said("loss", 1));
  expect(joined(values, [])).toBe(values);
});
