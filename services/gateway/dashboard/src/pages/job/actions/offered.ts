// What may be done to a job in the state that it is in: what the server would refuse for it is not offered.

import { Strategy } from "../../../generated/tunewright/v1/spec_pb";
import { JobState, type TuningJob } from "../../../generated/tunewright/v1/tuning_service_pb";
import { failedOf } from "../../../words/jobs";
import { hasEnded } from "../../../words/states";

export type Action =
  | "pause"
  | "resume"
  | "amend"
  | "enqueue"
  | "retry"
  | "extend"
  | "narrow"
  | "clone"
  | "stop"
  | "delete";

export function offered(job: TuningJob): Action[] {
  const open = isOpen(job.state);
  const ended = hasEnded(job.state);
  const offers: [Action, boolean][] = [
    ["pause", job.state === JobState.RUNNING],
    ["resume", job.state === JobState.PAUSED],
    ["amend", open],
    ["enqueue", open],
    ["retry", (open || ended) && failedOf(job) > 0],
    ["extend", ended && canBeExtended(job)],
    ["narrow", ended && job.spec?.strategy !== Strategy.GRID],
    ["clone", true],
    ["stop", !ended && job.state !== JobState.STOPPING],
    ["delete", ended],
  ];
  return offers.filter(([, may]) => may).map(([action]) => action);
}

/** It can still be given more. One that is parked can, too, unless it is closing behind that; then it is refused. */
function isOpen(state: JobState): boolean {
  return state === JobState.RUNNING || state === JobState.PAUSED || state === JobState.BLOCKED;
}

function canBeExtended({ spec }: TuningJob): boolean {
  if (spec?.strategy === Strategy.GRID || spec?.strategy === Strategy.HYPERBAND) return false;
  return (spec?.definitions.length ?? 0) < 2;
}
