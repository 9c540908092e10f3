// States in the words and colours that people see. Colour never stands alone: the word is always there.

import {
  JobState,
  ObjectiveState,
  type TrainingJob,
  TrainingState,
} from "../generated/tunewright/v1/tuning_service_pb";

export type Tone = "running" | "good" | "bad" | "stopped" | "waiting";

export interface Shown {
  word: string;
  tone: Tone;
}

const JOBS: Record<JobState, Shown> = {
  [JobState.UNSPECIFIED]: { word: "Unknown", tone: "waiting" },
  [JobState.RUNNING]: { word: "Running", tone: "running" },
  [JobState.PAUSED]: { word: "Paused", tone: "waiting" },
  [JobState.COMPLETING]: { word: "Completing", tone: "running" },
  [JobState.STOPPING]: { word: "Stopping", tone: "running" },
  [JobState.FAILING]: { word: "Failing", tone: "bad" },
  [JobState.BLOCKED]: { word: "Blocked", tone: "bad" },
  [JobState.COMPLETED]: { word: "Completed", tone: "good" },
  [JobState.STOPPED]: { word: "Stopped", tone: "stopped" },
  [JobState.FAILED]: { word: "Failed", tone: "bad" },
};

export const jobState = (state: JobState): Shown => JOBS[state] ?? JOBS[JobState.UNSPECIFIED];

/** AMT's HyperParameterTuningJobStatus, which lists are filtered by. */
export function jobStatus(state: JobState): string {
  if (hasEnded(state)) return jobState(state).word;
  return state === JobState.STOPPING ? "Stopping" : "InProgress";
}

export function hasEnded(state: JobState): boolean {
  return state === JobState.COMPLETED || state === JobState.STOPPED || state === JobState.FAILED;
}

type Ended = Pick<TrainingJob, "state" | "objectiveState"> & { stoppedEarly?: unknown };

export function trainingState(training: Ended): Shown {
  switch (training.state) {
    case TrainingState.COMPLETED:
      return training.objectiveState === ObjectiveState.FAILED
        ? { word: "No objective", tone: "bad" }
        : { word: "Completed", tone: "good" };
    case TrainingState.STOPPED:
      return { word: training.stoppedEarly ? "Stopped early" : "Stopped", tone: "stopped" };
    case TrainingState.FAILED:
      return { word: "Failed", tone: "bad" };
    case TrainingState.READY:
      return { word: "Waiting", tone: "waiting" };
    default:
      return { word: "Running", tone: "running" };
  }
}

export function trainingHasEnded(training: Pick<TrainingJob, "state">): boolean {
  return (
    training.state === TrainingState.COMPLETED ||
    training.state === TrainingState.STOPPED ||
    training.state === TrainingState.FAILED
  );
}
