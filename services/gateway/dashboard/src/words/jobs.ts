import type { TuningJob } from "../generated/tunewright/v1/tuning_service_pb";

/** Trainings that have ended, however. */
export function ended(job: TuningJob): number {
  const counted = job.trainings;
  if (!counted) return 0;
  return counted.completed + counted.nonRetryableError + counted.stopped;
}

/** Most trainings that the job may have; undefined: there is no limit. */
export function limitOf(job: TuningJob): number | undefined {
  return job.spec?.limits?.maxTrainings || undefined;
}
