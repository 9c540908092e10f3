import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { TrainingCountersSchema } from "../generated/tunewright/v1/tuning_service_pb";
import { endedOf, failedOf } from "./jobs";

test("a training that failed has ended, also one that may be tried again", () => {
  const trainings = create(TrainingCountersSchema, {
    completed: 3,
    inProgress: 9,
    stopped: 1,
    retryableError: 2,
    nonRetryableError: 4,
  });
  expect([endedOf({ trainings }), failedOf({ trainings }), endedOf({})]).toEqual([10, 6, 0]);
});
