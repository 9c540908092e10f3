import { create } from "@bufbuild/protobuf";
import {
  type TrainingCounters,
  TrainingCountersSchema,
  type TuningJob,
} from "../generated/tunewright/v1/tuning_service_pb";

export const countersOf = ({ trainings }: Pick<TuningJob, "trainings">): TrainingCounters =>
  trainings ?? create(TrainingCountersSchema);

/** Trainings that have failed. One that may be retried by hand counts as well: it has ended. */
export function failedOf(job: Pick<TuningJob, "trainings">): number {
  const { retryableError, nonRetryableError } = countersOf(job);
  return retryableError + nonRetryableError;
}

/** Trainings that have ended, however. */
export function endedOf(job: Pick<TuningJob, "trainings">): number {
  const { completed, stopped } = countersOf(job);
  return completed + stopped + failedOf(job);
}

/** Most trainings that the job may have; undefined: there is no limit. */
export const limitOf = (job: TuningJob): number | undefined => job.spec?.limits?.maxTrainings;
