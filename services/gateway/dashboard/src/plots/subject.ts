// What plots have to know of a job: its objective, and which definition is looked at.

import { Direction, type Objective, type TuningJobSpec } from "../generated/tunewright/v1/spec_pb";
import type { Trial } from "../trainings/trials";

export interface Subject {
  metric: string;
  minimize: boolean;
}

/** The objective of a definition; of an empty name, the one that all of them share, if they do. */
export function subjectOf(spec: TuningJobSpec | undefined, definition: string): Subject | undefined {
  const objectives = (spec?.definitions ?? [])
    .filter(({ name }) => !definition || name === definition)
    .map(({ objective }) => objective ?? spec?.objective);
  const [first] = objectives;
  if (!first || objectives.some((other) => !other || !alike(first, other))) return undefined;
  return { metric: first.metricName, minimize: first.direction === Direction.MINIMIZE };
}

const alike = (one: Objective, other: Objective): boolean =>
  one.metricName === other.metricName && one.direction === other.direction;

export const better = ({ minimize }: Subject, one: number, other: number): boolean =>
  minimize ? one < other : one > other;

export interface Valued extends Trial {
  value: number;
}

/** Those that have an objective. */
export const valued = foundOnce((trials): readonly Valued[] =>
  trials.filter((trial): trial is Valued => trial.value !== undefined && Number.isFinite(trial.value)),
);

/** Best first; of equals the earlier one. */
export const ranked = (trials: readonly Trial[], { minimize }: Subject): readonly Valued[] =>
  minimize ? lowestFirst(trials) : highestFirst(trials);

const lowestFirst = foundOnce((trials) => inOrder(trials, 1));
const highestFirst = foundOnce((trials) => inOrder(trials, -1));

const inOrder = (trials: readonly Trial[], sign: 1 | -1): readonly Valued[] =>
  [...valued(trials)].sort((one, other) => sign * (one.value - other.value) || one.number - other.number);

/** What is found of a list, kept as long as the list: all plots of a page are made of the same one. */
function foundOnce<Found>(find: (trials: readonly Trial[]) => Found): (trials: readonly Trial[]) => Found {
  const known = new WeakMap<readonly Trial[], Found>();
  return (trials) => {
    const found = known.get(trials) ?? find(trials);
    known.set(trials, found);
    return found;
  };
}

/** Of very many, so many: the best half of them, and of the rest evenly spread ones. Worst first, so that the best are
 * drawn on top. */
export function chosen<T>(bestFirst: readonly T[], most: number): T[] {
  if (bestFirst.length <= most) return [...bestFirst].reverse();
  const best = bestFirst.slice(0, Math.ceil(most / 2));
  const rest = bestFirst.slice(best.length);
  const count = most - best.length;
  const spread = Array.from({ length: count }, (_, at) => rest[Math.floor((at * rest.length) / count)] as T);
  return [...best, ...spread].reverse();
}
