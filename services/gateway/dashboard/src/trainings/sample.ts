import { ObjectiveState, TrainingState } from "../generated/tunewright/v1/tuning_service_pb";
import type { Trial } from "./trials";

/** For tests: a completed training of which only what is given matters. */
export const trial = (given: Partial<Trial> & { number: number }): Trial => ({
  name: `job-${given.number}`,
  state: TrainingState.COMPLETED,
  status: "Completed",
  objectiveState: ObjectiveState.SUCCEEDED,
  value: undefined,
  createdAt: 0,
  startedAt: undefined,
  endedAt: undefined,
  cost: 0,
  definition: "",
  source: "random",
  stopRule: "",
  trainer: "",
  attempt: 1,
  bracket: 0,
  rungs: [],
  parameters: {},
  earlier: [],
  ...given,
});
