// What is compared of a tuning job.

import { Analysis } from "../../generated/tunewright/v1/metrics_service_pb";
import type { Objective } from "../../generated/tunewright/v1/spec_pb";
import type { TuningJob } from "../../generated/tunewright/v1/tuning_service_pb";
import { metrics, tuning } from "../../rpc/clients";
import { faultOf, wasLeft } from "../../rpc/fault";
import { type Trial, Trials } from "../../trainings/trials";
import { hasEnded } from "../../words/states";
import type { Question } from "./answers";
import { type Part, partsOf } from "./groups";
import type { Line } from "./plots";

/** The best so far of a job; of a definition that has an objective of its own, where a job has several. */
export interface Best extends Line {
  objective: Objective | undefined;
}

export interface Compared {
  job: TuningJob;
  bests: Best[];
  /** Only of a job with several definitions. */
  trials: readonly Trial[];
  /** Nothing could not be had. */
  whole: boolean;
}

export const COMPARED: Question<Compared> = {
  load: async (name, before, signal) => {
    const { job } = await tuning.getTuningJob({ job: name, withoutFindings: true }, { signal });
    if (!job) throw new Error(`the server's answer has no job ${name}`);
    if (before?.whole && before.job.revision === job.revision) return before;
    const told = await Promise.all(partsOf(job.spec).map((part) => bestSoFar(job, part, signal)));
    const several = (job.spec?.definitions.length ?? 0) > 1;
    return {
      job,
      bests: told.map(({ best }) => best),
      trials: several ? await trialsOf(job.uid, signal) : [],
      whole: told.every(({ whole }) => whole),
    };
  },
  isFinal: ({ job, whole }) => whole && hasEnded(job.state),
};

async function bestSoFar(job: TuningJob, { definition, objective }: Part, signal: AbortSignal) {
  const name = [job.spec?.name ?? job.uid, definition].filter(Boolean).join(": ");
  try {
    const told = await metrics.analyze(
      { job: job.uid, analyses: [Analysis.BEST_SO_FAR], definitionName: definition },
      { signal },
    );
    const points = told.bestSoFar.map(({ trainings, value }) => [trainings, value] as const);
    const last = points.at(-1);
    if (last && told.trainings > last[0]) points.push([told.trainings, last[1]]);
    const why = told.refused.map(({ reason }) => reason).join("; ");
    return { best: { name, objective, points, why }, whole: true };
  } catch (error) {
    if (wasLeft(error)) throw error;
    return { best: { name, objective, points: [], why: faultOf(error).text }, whole: false };
  }
}

async function trialsOf(job: string, signal: AbortSignal): Promise<readonly Trial[]> {
  const trials = new Trials();
  let pageToken = "";
  do {
    const page = await tuning.listTrainingColumns({ job, pageToken }, { signal });
    if (page.columns) trials.take(page.columns);
    pageToken = page.nextPageToken;
  } while (pageToken);
  return trials.all;
}
