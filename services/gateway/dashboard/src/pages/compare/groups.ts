// What may stand on one axis: values of one metric, and of one direction.

import type { Objective, TuningJobSpec } from "../../generated/tunewright/v1/spec_pb";
import { objectiveOf, objectiveText } from "../../words/specs";

export interface Part {
  /** Empty: the whole job. */
  definition: string;
  objective: Objective | undefined;
}

/** The job as a whole; where its definitions have different objectives, each by itself. */
export function partsOf(spec: TuningJobSpec | undefined): Part[] {
  const parts = (spec?.definitions ?? []).map(
    ({ name }): Part => ({ definition: name, objective: objectiveOf(spec, name) }),
  );
  const [first, ...others] = grouped(parts);
  if (first && others.length > 0) return parts;
  return [{ definition: "", objective: first?.of[0]?.objective ?? spec?.objective }];
}

export interface Group<T> {
  objective: Objective | undefined;
  of: T[];
}

/** Those with the same metric and direction together, in the order in which they come. */
export function grouped<T extends Pick<Part, "objective">>(items: readonly T[]): Group<T>[] {
  const groups = new Map<string, Group<T>>();
  for (const item of items) {
    const key = objectiveText(item.objective);
    const group = groups.get(key) ?? { objective: item.objective, of: [] };
    group.of.push(item);
    groups.set(key, group);
  }
  return [...groups.values()];
}
