// The specification of a job that is like another one, or goes on where another one has ended.

import { clone, create } from "@bufbuild/protobuf";
import type { Narrowed } from "../../generated/tunewright/v1/metrics_service_pb";
import {
  type Definition,
  type TuningJobSpec,
  TuningJobSpecSchema,
  WarmStartSchema,
  WarmStartType,
} from "../../generated/tunewright/v1/spec_pb";
import { onlyValue } from "./narrowed";

const LONGEST_NAME = 32;
const LARGEST_SEED = 2n ** 63n - 1n;
export interface Proposal {
  parent: TuningJobSpec;
  /** Ended, and of a strategy that learns from others. */
  mayWarmStart: boolean;
  narrowed: readonly Narrowed[];
  /** Why there are none. */
  refused: string;
}

export const stemOf = (name: string, mark: string): string =>
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
  for (const item of narrowed) apply(item, definitionOf(spec, item));
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

/** The one of a job's definitions whose range it is. */
export function definitionOf({ definitions }: TuningJobSpec, { definitionName }: Narrowed) {
  const [only, ...others] = definitions;
  return others.length === 0 ? only : definitions.find(({ name }) => name === definitionName);
}

function apply({ parameter }: Narrowed, definition: Definition | undefined): void {
  if (!parameter || !definition) return;
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
