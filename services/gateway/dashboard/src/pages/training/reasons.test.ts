import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { ProvenanceSchema } from "../../generated/tunewright/v1/tuning_service_pb";
import { foretold, relevances, sourceWords } from "./reasons";

const model = create(ProvenanceSchema, { mean: 0.5, deviation: 0.1 });

test("what the model foretold is held against what came out", () => {
  expect(foretold(model, 0.7)).toBe("0.5 ± 0.1; came out 0.7, 2 deviations above");
  expect(foretold(model, 0.45)).toBe("0.5 ± 0.1; came out 0.45, 0.5 deviations below");
  expect(foretold(model, undefined)).toBe("0.5 ± 0.1");
  expect(foretold(create(ProvenanceSchema, {}), 0.7)).toBe("");
});

test("what matters most stands first", () => {
  const sorted = relevances({ momentum: 10, lr: 0.1 });
  expect(sorted.map(({ name }) => name)).toEqual(["lr", "momentum"]);
  expect(sorted.map(({ share }) => Number(share.toFixed(3)))).toEqual([0.333, 1]);
});

test("a source without words is told as it is", () => {
  expect([sourceWords("exploit"), sourceWords("new")]).toEqual([
    "exploit: where the model expects the best",
    "new",
  ]);
});
