import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import {
  EndCause,
  TrainingJobSchema,
  TrainingState,
  TransitionSchema,
} from "../../generated/tunewright/v1/tuning_service_pb";
import { endWords, phases, spans } from "./ends";

const training = (given: Parameters<typeof create<typeof TrainingJobSchema>>[1]) =>
  create(TrainingJobSchema, given);
const at = (ms: number) => timestampFromMs(ms);

test("how it ended is said where its state does not say it", () => {
  const exited = { endCause: EndCause.EXITED, exitCode: 3 };
  expect(endWords(training({ ...exited, state: TrainingState.FAILED }))).toBe(
    "Its program ended with exit code 3",
  );
  expect(endWords(training({ ...exited, exitCode: 0, state: TrainingState.COMPLETED }))).toBe("");
  expect(endWords(training({ endCause: EndCause.OUT_OF_MEMORY }))).toBe("It ran out of memory");
  expect(endWords(training({}))).toBe("");
});

test("one that waits has waited till now, one that runs runs till now", () => {
  expect(spans(training({ createdAt: at(1000) }), 5000)).toEqual({ waited: 4000, ran: undefined });
  expect(spans(training({ createdAt: at(1000), startedAt: at(2000) }), 5000)).toEqual({
    waited: 1000,
    ran: 3000,
  });
  const ended = training({ createdAt: at(1000), startedAt: at(2000), endedAt: at(2500) });
  expect(spans(ended, 5000)).toEqual({ waited: 1000, ran: 500 });
});

test("one that was stopped before it began has waited till then", () => {
  expect(spans(training({ createdAt: at(1000), endedAt: at(1500) }), 5000).waited).toBe(500);
});

test("a phase lasts until the next one, the last one until the end", () => {
  const transitions = [
    create(TransitionSchema, { status: "Starting", startedAt: at(0) }),
    create(TransitionSchema, { status: "Training", startedAt: at(1000), message: "2 epochs" }),
  ];
  expect(phases(transitions, 4000)).toMatchObject([
    { status: "Starting", ms: 1000, share: 0.25 },
    { status: "Training", ms: 3000, share: 0.75, message: "2 epochs" },
  ]);
  expect(phases([], 4000)).toEqual([]);
});
