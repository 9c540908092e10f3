// What a new job begins with: an example, or a job that there is.

import { clone, create } from "@bufbuild/protobuf";
import { Analysis, type Narrowed } from "../../generated/tunewright/v1/metrics_service_pb";
import {
  type Definition,
  Strategy,
  type TuningJobSpec,
  TuningJobSpecSchema,
  WarmStartSchema,
  WarmStartType,
} from "../../generated/tunewright/v1/spec_pb";
import { metrics, tuning } from "../../rpc/clients";
import { hasEnded } from "../../words/states";
import { onlyValue } from "./narrowed";

export const EXAMPLE = `# Paths are those of the server's machine.
name: my-first-job
script: /home/me/train.py  # run as: train.py --lr 0.01 --batch 64
maximize: val_acc          # it prints val_acc=0.93
params:
  lr: log(1e-4, 1e-1)      # a real number, logarithmic
  batch: [32, 64, 128]     # one of these
trials: 20                 # trainings, all together
parallel: 2                # at once
`;

const LONGEST_NAME = 32;
const LARGEST_SEED = 2n ** 63n - 1n;
/** Those that have a use for what other jobs have seen. */
const LEARNING: readonly Strategy[] = [Strategy.BAYESIAN, Strategy.RANDOM];

/** Which job a new one begins with, and whether in the ranges that its trainings speak for. */
export interface Parent {
  job: string;
  narrow: boolean;
}

export interface Proposal {
  parent: TuningJobSpec;
  /** Ended, and of a strategy that learns from others. */
  mayWarmStart: boolean;
  narrowed: readonly Narrowed[];
  /** Why there are none. */
  refused: string;
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

const stemOf = (name: string, mark: string): string =>
  name.replace(new RegExp(`${mark}\\d*$`), "").slice(0, LONGEST_NAME - mark.length - 3);

/** The first free name with a number behind: after `digits`, and after `digits-2`, comes `digits-3`. */
export function nameAfter(name: string, mark: string, taken: ReadonlySet<string>): string {
  const stem = stemOf(name, mark);
  for (let number = 2; ; number++) {
    const free = `${stem}${mark}${number}`;
    if (!taken.has(free.toLowerCase())) return free;
  }
}

/** As `tunewright narrow` makes it: other ranges, and what the parent has seen is known. */
export function narrowedSpec({ parent, narrowed, mayWarmStart }: Proposal, name: string): TuningJobSpec {
  const spec = clone(TuningJobSpecSchema, parent);
  spec.name = name;
  for (const definition of spec.definitions)
    for (const item of narrowed)
      if (spec.definitions.length === 1 || item.definitionName === definition.name) apply(item, definition);
  if (mayWarmStart)
    spec.warmStart = create(WarmStartSchema, {
      parents: [parent.name],
      type: WarmStartType.IDENTICAL_DATA_AND_ALGORITHM,
    });
  else delete spec.warmStart;
  spec.enqueued = [];
  spec.autotune = false; // what it chose for the parent stands in the ranges
  spec.autoParameters = {};
  if (spec.randomSeed !== undefined) spec.randomSeed = (spec.randomSeed + 1n) % (LARGEST_SEED + 1n);
  return spec;
}

function apply({ parameter }: Narrowed, definition: Definition): void {
  if (!parameter) return;
  const value = onlyValue(parameter);
  const at = definition.parameters.findIndex(({ name }) => name === parameter.name);
  const before = definition.parameters[at];
  if (!before) return;
  if (value !== undefined && definition.parameters.length > 1) {
    definition.parameters.splice(at, 1);
    definition.staticHyperparameters[parameter.name] = value;
  } else {
    before.range = parameter.range;
    before.lowText = before.highText = "";
    delete before.hint;
  }
}
