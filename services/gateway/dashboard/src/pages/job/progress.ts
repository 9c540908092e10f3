// How far a job is, and what has been reached.

import { ObjectiveState, type TuningJob } from "../../generated/tunewright/v1/tuning_service_pb";
import type { Trial } from "../../trainings/trials";
import { countersOf, endedOf, failedOf, limitOf } from "../../words/jobs";
import { number, several } from "../../words/numbers";
import { maximizes, objectiveOf } from "../../words/specs";
import { hasEnded } from "../../words/states";
import { duration, millis } from "../../words/times";

/** "12 of 30 trainings have ended; 2 under way, 1 failed" */
export function progressText(job: TuningJob): string {
  const limit = limitOf(job);
  const ended = endedOf(job);
  const counted =
    limit === undefined
      ? `${several(ended, "training")} ${ended === 1 ? "has" : "have"} ended; there is no limit`
      : `${ended.toLocaleString("en")} of ${several(limit, "training")} ${ended === 1 ? "has" : "have"} ended`;
  const { inProgress, stopped } = countersOf(job);
  const parts = [
    [inProgress, "under way"],
    [stopped, "stopped"],
    [failedOf(job), "failed"],
  ] as const;
  const told = parts.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`);
  return told.length > 0 ? `${counted}; ${told.join(", ")}` : counted;
}

/** "4.2 of at most 10, forecast 8.9"; empty without prices. */
export function costText(job: TuningJob): string {
  if (!job.cost || Object.keys(job.spec?.pricesPerSecond ?? {}).length === 0) return "";
  const { spent, forecast } = job.cost;
  const limit = job.spec?.limits?.maxCost;
  const coming = forecast === undefined || hasEnded(job.state) ? "" : `, forecast ${number(forecast)}`;
  return number(spent) + (limit === undefined ? "" : ` of at most ${number(limit)}`) + coming;
}

export function timeText(job: TuningJob, now: number): string {
  if (!job.createdAt) return "";
  const passed = duration(Math.max(0, (job.endedAt ? millis(job.endedAt) : now) - millis(job.createdAt)));
  const limit = job.spec?.limits?.maxRuntimeS;
  return limit === undefined ? passed : `${passed} of at most ${duration(Number(limit) * 1000)}`;
}

export interface DefinitionBest {
  definition: string;
  metric: string;
  ended: number;
  best: Trial | undefined;
}

/** The best training of each definition; of equal ones the first. */
export function bestByDefinition(job: TuningJob, trials: readonly Trial[]): DefinitionBest[] {
  return (job.spec?.definitions ?? []).map(({ name }) => {
    const objective = objectiveOf(job.spec, name);
    const sign = maximizes(objective) ? -1 : 1;
    const own = trials.filter((trial) => trial.definition === name && trial.endedAt !== undefined);
    let best: Trial | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const trial of own) {
      if (trial.objectiveState !== ObjectiveState.SUCCEEDED || trial.value === undefined) continue;
      if (best && sign * trial.value >= least) continue;
      best = trial;
      least = sign * trial.value;
    }
    return { definition: name, metric: objective?.metricName ?? "", ended: own.length, best };
  });
}
