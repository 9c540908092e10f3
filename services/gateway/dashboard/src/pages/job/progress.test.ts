import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { Direction } from "../../generated/tunewright/v1/spec_pb";
import { JobState, TuningJobSchema } from "../../generated/tunewright/v1/tuning_service_pb";
import { trial } from "../../trainings/sample";
import { bestByDefinition, costText, progressText, timeText } from "./progress";

const job = (given: MessageInitShape<typeof TuningJobSchema>) => create(TuningJobSchema, given);

test("progress counts what has ended, however it did", () => {
  const trainings = { completed: 1000, inProgress: 2, stopped: 3, retryableError: 1, nonRetryableError: 1 };
  expect(progressText(job({ trainings, spec: { limits: { maxTrainings: 3000 } } }))).toBe(
    "1,005 of 3,000 trainings have ended; 2 under way, 3 stopped, 2 failed",
  );
  expect(progressText(job({}))).toBe("0 trainings have ended; there is no limit");
  expect(progressText(job({ trainings: { completed: 1 }, spec: { limits: { maxTrainings: 1 } } }))).toBe(
    "1 of 1 training has ended",
  );
});

test("cost is told where there are prices, and a forecast while more is to come", () => {
  const spec = { pricesPerSecond: { local: 0.5 }, limits: { maxCost: 10 } };
  const cost = { spent: 4.25, forecast: 8.5 };
  expect(costText(job({ spec, cost, state: JobState.RUNNING }))).toBe("4.25 of at most 10, forecast 8.5");
  expect(costText(job({ spec, cost, state: JobState.COMPLETED }))).toBe("4.25 of at most 10");
  expect(costText(job({ cost }))).toBe("");
});

test("a job's time goes on until it has ended", () => {
  const times = { createdAt: timestampFromMs(1000), spec: { limits: { maxRuntimeS: 3600n } } };
  expect(timeText(job(times), 61_000)).toBe("1 m 00 s of at most 1 h 00 m");
  expect(timeText(job({ ...times, endedAt: timestampFromMs(3000) }), 61_000)).toBe(
    "2.0 s of at most 1 h 00 m",
  );
});

test("each definition's best is judged by its own objective", () => {
  const objective = { metricName: "auc", direction: Direction.MAXIMIZE };
  const definitions = [{ name: "a" }, { name: "b", objective }, { name: "c" }];
  const spec = { objective: { metricName: "loss", direction: Direction.MINIMIZE }, definitions };
  const of = (number: number, definition: string, value: number) =>
    trial({ number, definition, value, endedAt: 1 });
  const trials = [of(1, "a", 2), of(2, "a", 1), of(3, "a", 1), of(4, "b", 0.5), of(5, "b", 0.9)];
  expect(bestByDefinition(job({ spec }), trials)).toMatchObject([
    { definition: "a", metric: "loss", ended: 3, best: { number: 2 } },
    { definition: "b", metric: "auc", ended: 2, best: { number: 5 } },
    { definition: "c", metric: "loss", ended: 0, best: undefined },
  ]);
});
