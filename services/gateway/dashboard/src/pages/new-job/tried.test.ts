import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { TriedReadingSchema } from "../../generated/tunewright/v1/metrics_service_pb";
import { ObjectiveReading } from "../../generated/tunewright/v1/spec_pb";
import { regexByName } from "./fields";
import { definitionsOf, objectiveOf, readLines } from "./tried";

const reading = (metric: string, line: bigint, text: string) =>
  create(TriedReadingSchema, { metric, line, text, kind: "number" });

test("values are marked behind the names of their metrics", () => {
  const [first, second] = readLines("epoch 1 acc=1 f1=1\r\n\nacc 3\n", [
    reading("acc", 0n, "1"),
    reading("f1", 0n, "1"),
    reading("acc", 2n, "3"),
  ]);
  expect(first?.parts.map(({ text, read }) => (read ? `[${text}]` : text)).join("")).toBe(
    "epoch 1 acc=[1] f1=[1]",
  );
  expect(second).toMatchObject({ line: 2, parts: [{ text: "acc " }, { text: "3", read: true }] });
});

test("the objective is found by its name unless it is listed", () => {
  const f1 = { name: "f1", found: "json", regex: "left over" } as const;
  expect(definitionsOf({ metric: "acc", metrics: [f1] })).toEqual([
    { name: "acc", regex: regexByName("acc") },
    { name: "f1", regex: "" },
  ]);
  expect(definitionsOf({ metric: "f1", metrics: [f1] })).toEqual([{ name: "f1", regex: "" }]);
});

test("which of the values is the objective", () => {
  const told = (value: string) => objectiveOf({ metric: "acc", direction: "maximize", reading: value });
  expect(told("mean of last 5")).toMatchObject({ reading: ObjectiveReading.MEAN_OF_LAST, lastK: 5 });
  expect(told("best")?.reading).toBe(ObjectiveReading.BEST);
  expect(objectiveOf({ metric: "", direction: "maximize", reading: "last" })).toBeUndefined();
});
