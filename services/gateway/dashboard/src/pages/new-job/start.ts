// What a new job begins with: an example, or a job that there is.

import { clone } from "@bufbuild/protobuf";
import { Analysis } from "../../generated/tunewright/v1/metrics_service_pb";
import { Strategy, TuningJobSpecSchema } from "../../generated/tunewright/v1/spec_pb";
import { metrics, tuning } from "../../rpc/clients";
import { hasEnded } from "../../words/states";
import { nameAfter, narrowedSpec, type Proposal, stemOf } from "./child";

export const EXAMPLE = `# Name your own script in place of /home/me/train.py, by its path on the server's machine.
name: my-first-job
script: /home/me/train.py  # run as: train.py --lr 0.01 --batch 64
maximize: val_acc          # it prints val_acc=0.93
params:
  lr: log(1e-4, 1e-1)      # a real number, logarithmic
  batch: [32, 64, 128]     # one of these
trials: 20                 # trainings, all together
parallel: 2                # at once
`;

/** Those that have a use for what other jobs have seen. */
const LEARNING: readonly Strategy[] = [Strategy.BAYESIAN, Strategy.RANDOM];

/** Which job a new one begins with, and whether in the ranges that its trainings speak for. */
export interface Parent {
  job: string;
  narrow: boolean;
}

export interface Begun {
  text: string;
  /** The field for which it is AMT's request body; empty: it is the short form. */
  notShort: string;
}

export async function propose({ job, narrow }: Parent, signal: AbortSignal): Promise<Proposal> {
  const [found, advised] = await Promise.all([
    tuning.getTuningJob({ job, withoutFindings: true }, { signal }),
    narrow ? metrics.analyze({ job, analyses: [Analysis.ADVICE] }, { signal }) : undefined,
  ]);
  const parent = found.job?.spec;
  if (!found.job || !parent) throw new Error(`the server's answer has no job ${job}`);
  return {
    parent,
    mayWarmStart:
      hasEnded(found.job.state) && LEARNING.includes(parent.strategy) && parent.definitions.length === 1,
    narrowed: advised?.narrowed ?? [],
    refused: advised?.refused.map(({ reason }) => reason).join(" ") ?? "",
  };
}

/** The job file of a new job like another one. */
export async function begin({ narrow }: Parent, proposal: Proposal, signal: AbortSignal): Promise<Begun> {
  const { parent } = proposal;
  const name = await freeName(parent.name, narrow ? "-n" : "-", signal);
  const spec = narrow ? narrowedSpec(proposal, name) : { ...clone(TuningJobSpecSchema, parent), name };
  const { text, notShort } = await tuning.writeJobFile({ spec }, { signal });
  return { text, notShort };
}

async function freeName(of: string, mark: string, signal: AbortSignal): Promise<string> {
  const stem = stemOf(of, mark);
  const { jobs } = await tuning.listTuningJobs({ nameContains: stem, pageSize: 100 }, { signal });
  return nameAfter(of, mark, new Set(jobs.map(({ spec }) => spec?.name.toLowerCase() ?? "")));
}
