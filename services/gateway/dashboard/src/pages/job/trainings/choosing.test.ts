import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import {
  ObjectiveState,
  TrainingState,
  TuningJobSchema,
} from "../../../generated/tunewright/v1/tuning_service_pb";
import { trial } from "../../../trainings/sample";
import type { Trial } from "../../../trainings/trials";
import { filtered, readNumbers, readOrder, rowsOf, sorted, toggled, writtenOrder } from "./choosing";
import { chosenColumns, columnsOf, written } from "./columns";

const JOB = create(TuningJobSchema, {
  spec: {
    objective: { metricName: "loss" },
    definitions: [
      {
        parameters: [
          { name: "lr", range: { case: "floatRange", value: { low: 0, high: 1 } } },
          { name: "a,b", range: { case: "choiceRange", value: { values: ["x", "y"] } } },
        ],
      },
    ],
  },
});
const COLUMNS = columnsOf(JOB);
const column = (name: string) => COLUMNS.find((item) => item.name === name);
const numbers = (trials: readonly Trial[]) => trials.map(({ number }) => number);

const TRIALS = [
  trial({ number: 1, value: 0.5, parameters: { lr: 0.1, "a,b": "x" } }),
  trial({ number: 2, state: TrainingState.FAILED, trainer: "host-10" }),
  trial({ number: 3, value: 0.25, parameters: { lr: 0.01, "a,b": "y" } }),
  trial({ number: 4, objectiveState: ObjectiveState.FAILED }),
  trial({ number: 5, value: 0.5, state: TrainingState.STOPPED, stopRule: "median", trainer: "host-9" }),
];

test("sorted by a column, and what has nothing there stands last both ways", () => {
  expect(numbers(sorted(TRIALS, column("value"), false))).toEqual([3, 1, 5, 2, 4]);
  expect(numbers(sorted(TRIALS, column("value"), true))).toEqual([1, 5, 3, 2, 4]);
  expect(numbers(sorted(TRIALS, column("p.lr"), true))).toEqual([1, 3, 2, 4, 5]);
});

test("texts with numbers in them are sorted as people count", () => {
  expect(numbers(sorted(TRIALS, column("trainer"), false)).slice(0, 2)).toEqual([5, 2]);
});

test("an order that the URL names and nobody knows leaves all as it was", () => {
  expect(numbers(sorted(TRIALS, column("nonsense"), false))).toEqual([1, 2, 3, 4, 5]);
});

test.each([
  ["failed", "", [2]],
  ["no-objective", "", [4]],
  ["", "LR=0.1", [1]],
  ["", "stopped early", [5]],
  ["completed", "a,b=y", [3]],
  ["", "job-", [1, 2, 3, 4, 5]],
])("state %j and text %j leave %j", (state, text, left) => {
  expect(numbers(filtered(TRIALS, state, text))).toEqual(left);
});

test("columns and order come out of the URL as they went in", () => {
  expect(readOrder(writtenOrder({ column: "p.lr", descending: true }))).toEqual({
    column: "p.lr",
    descending: true,
  });
  const chosen = chosenColumns(COLUMNS, written(["value", "p.a,b"]));
  expect(chosen.map(({ title }) => title)).toEqual(["loss", "a,b"]);
  expect(chosenColumns(COLUMNS, "").map(({ name }) => name)).toContain("p.lr");
  expect(chosenColumns(COLUMNS, "%").length).toBe(0);
});

test("what is saved is exact", () => {
  const table = rowsOf([trial({ number: 7, value: 0.1 + 0.2 })], chosenColumns(COLUMNS, "number,value"));
  expect(table).toEqual({ columns: ["No.", "loss"], rows: [[7, 0.30000000000000004]] });
});

test("trainings are chosen and let go", () => {
  expect(readNumbers("3,x,,-1,5")).toEqual([3, 5]);
  expect(toggled([3, 5], 5)).toEqual([3]);
  expect(toggled([3], 5)).toEqual([3, 5]);
});
