// Why a training has ended, how long it has waited and run, and what it did when.

import {
  EndCause,
  type TrainingJob,
  TrainingState,
  type Transition,
} from "../../generated/tunewright/v1/tuning_service_pb";
import { millis } from "../../words/times";

const CAUSES: Record<EndCause, string> = {
  [EndCause.UNSPECIFIED]: "",
  [EndCause.EXITED]: "Its program ended",
  [EndCause.STOPPED]: "It was stopped",
  [EndCause.MAX_RUNTIME_EXCEEDED]: "It ran for longer than it may",
  [EndCause.OUT_OF_MEMORY]: "It ran out of memory",
  [EndCause.START_FAILED]: "It could not be started",
  [EndCause.SPOOL_FULL]: "It printed more than its trainer could keep",
  [EndCause.PREEMPTED]: "Its place was taken by another",
  [EndCause.LOST]: "Its trainer was lost",
  [EndCause.INPUT_UNUSABLE]: "Its data could not be used",
  [EndCause.OUTPUT_LOST]: "Its model could not be kept",
};

export const causeWords = (cause: EndCause | undefined): string =>
  cause === undefined ? "" : (CAUSES[cause] ?? "");

/** "Its program ended with exit code 3"; empty: there is nothing to say that the state does not. */
export function endWords(
  training: Pick<TrainingJob, "endCause" | "exitCode" | "state" | "maxWaitExceeded">,
): string {
  if (training.maxWaitExceeded) return "It has waited and run for longer than it may";
  const { endCause, exitCode } = training;
  if (endCause === EndCause.EXITED) {
    if (training.state === TrainingState.COMPLETED) return "";
    return exitCode === undefined ? "Its program ended" : `Its program ended with exit code ${exitCode}`;
  }
  return causeWords(endCause);
}

/** Milliseconds; undefined: not yet. */
export function spans(
  training: Pick<TrainingJob, "createdAt" | "startedAt" | "endedAt">,
  now: number,
): { waited: number | undefined; ran: number | undefined } {
  const [created, started, ended] = [training.createdAt, training.startedAt, training.endedAt].map(
    (at) => at && millis(at),
  );
  if (created === undefined) return { waited: undefined, ran: undefined };
  return {
    waited: Math.max(0, (started ?? ended ?? now) - created),
    ran: started === undefined ? undefined : Math.max(0, (ended ?? now) - started),
  };
}

export interface Phase {
  status: string;
  message: string;
  start: number;
  ms: number;
  /** Of the whole time. */
  share: number;
}

/** Each lasts until the next one begins, the last one until `end`. */
export function phases(transitions: readonly Transition[], end: number): Phase[] {
  const starts = transitions.map(({ startedAt }) => (startedAt ? millis(startedAt) : end));
  const whole = Math.max(1, end - (starts[0] ?? end));
  return transitions.map(({ status, message }, at) => {
    const start = starts[at] ?? end;
    const ms = Math.max(0, (starts[at + 1] ?? end) - start);
    return { status, message, start, ms, share: ms / whole };
  });
}
