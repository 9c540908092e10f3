import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { TrainingColumnsSchema, TrainingState } from "../generated/tunewright/v1/tuning_service_pb";
import { Trials } from "./trials";

const columns = (numbers: number[], values: number[]) =>
  create(TrainingColumnsSchema, {
    numbers,
    names: numbers.map((number) => `job-${number}`),
    states: numbers.map(() => TrainingState.COMPLETED),
    objectiveValues: values,
    createdAt: numbers,
    startedAt: numbers.map(() => Number.NaN),
    sources: numbers.map(() => 1),
    parameters: [
      { name: "lr", numbers: numbers.map((number) => number / 10), texts: [] },
      { name: "kind", numbers: [], texts: numbers.map((_, at) => (at === 0 ? 2 : 0)) },
    ],
    texts: ["", "random", "adam"],
  });

test("columns become trials, and what is not known is undefined", () => {
  const trials = new Trials();
  trials.take(columns([2, 1], [Number.NaN, 0.5]));
  const [first, second] = trials.all;
  expect(first).toMatchObject({
    number: 1,
    value: 0.5,
    source: "random",
    createdAt: 1000,
    parameters: { lr: 0.1 },
  });
  expect(second).toMatchObject({ number: 2, parameters: { lr: 0.2, kind: "adam" } });
  expect([second?.value, second?.startedAt]).toEqual([undefined, undefined]);
});

test("what changes takes the place of what was", () => {
  const trials = new Trials();
  trials.take(columns([1, 2], [Number.NaN, 0.5]));
  const before = trials.all;
  expect(trials.all).toBe(before);
  trials.take(columns([1], [0.7]));
  expect(trials.all.map(({ value }) => value)).toEqual([0.7, 0.5]);
});
