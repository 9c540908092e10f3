import type { TuningJob } from "../../generated/tunewright/v1/tuning_service_pb";
import type { Trial } from "../../trainings/trials";

/** All plots of a job, from its trainings as they are now. */
export function Plots(_: { job: TuningJob; trials: readonly Trial[] }) {
  return null;
}
