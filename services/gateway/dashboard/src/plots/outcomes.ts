// How a training has gone, as plots tell it: by colour and by the mark's shape.

import { TrainingState } from "../generated/tunewright/v1/tuning_service_pb";
import type { Trial } from "../trainings/trials";
import type { Palette } from "./plot";

export type Outcome = "completed" | "stopped" | "failed" | "running" | "waiting";

interface Look {
  word: string;
  symbol: string;
  colour: (palette: Palette) => string;
}

export const OUTCOMES: Record<Outcome, Look> = {
  completed: { word: "Completed", symbol: "circle", colour: ({ accent }) => accent },
  stopped: { word: "Stopped", symbol: "diamond", colour: ({ stopped }) => stopped },
  failed: { word: "Failed", symbol: "triangle", colour: ({ bad }) => bad },
  running: { word: "Running", symbol: "emptyCircle", colour: ({ good }) => good },
  waiting: { word: "Waiting", symbol: "emptyCircle", colour: ({ waiting }) => waiting },
};

export function outcome({ state, value }: Trial): Outcome {
  switch (state) {
    case TrainingState.COMPLETED:
      return value === undefined ? "failed" : "completed";
    case TrainingState.STOPPED:
      return "stopped";
    case TrainingState.FAILED:
      return "failed";
    case TrainingState.READY:
      return "waiting";
    default:
      return "running";
  }
}

export const isOver = (trial: Trial): boolean =>
  trial.state === TrainingState.COMPLETED ||
  trial.state === TrainingState.STOPPED ||
  trial.state === TrainingState.FAILED;
