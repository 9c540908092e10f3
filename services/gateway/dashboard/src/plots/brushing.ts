// Which trainings parallel coordinates show strongly: those within every brush and among the best.

import type { Trial } from "../trainings/trials";
import { type Axis, along } from "./axes";
import { ranked, type Subject, type Valued } from "./subject";

/** A range on an axis, in the axis' own numbers; by the axis' name. The objective's is OBJECTIVE. */
export type Brushes = Readonly<Record<string, readonly [number, number]>>;
/** No hyperparameter is called by the empty name. */
export const OBJECTIVE = "";

/** What an axis shows of a training. */
export const shownOn = (axis: Axis, trial: Trial): number | string | undefined =>
  axis.name === OBJECTIVE ? trial.value : trial.parameters[axis.name];

/** Those with an objective that are among the best so many percent and within all brushes; best first. */
export function brushed(
  trials: readonly Trial[],
  subject: Subject,
  axes: readonly Axis[],
  brushes: Brushes,
  topPercent: number,
): readonly Valued[] {
  const best = ranked(trials, subject);
  const top = best.slice(0, Math.ceil((best.length * topPercent) / 100));
  const set = axes.flatMap((axis) => {
    const range = brushes[axis.name];
    return range ? [{ axis, low: range[0], high: range[1] }] : [];
  });
  return top.filter((trial) =>
    set.every(({ axis, low, high }) => {
      const place = along(axis, shownOn(axis, trial));
      return place >= low && place <= high;
    }),
  );
}

/** As the URL has them; what is no brush is none. */
export function readBrushes(text: string): Brushes {
  try {
    const given: unknown = JSON.parse(text || "{}");
    if (given === null || typeof given !== "object") return {};
    return Object.fromEntries(
      Object.entries(given).filter((entry): entry is [string, [number, number]] => isRange(entry[1])),
    );
  } catch {
    return {};
  }
}

const isRange = (given: unknown): given is [number, number] =>
  Array.isArray(given) && given.length === 2 && given.every((end) => typeof end === "number");

export const writeBrushes = (brushes: Brushes): string =>
  Object.keys(brushes).length === 0 ? "" : JSON.stringify(brushes);

/** The brushes with one set anew; without a range it is gone. */
export function withBrush(
  brushes: Brushes,
  name: string,
  range: readonly [number, number] | undefined,
): Brushes {
  const { [name]: _, ...rest } = brushes;
  return range ? { ...rest, [name]: range } : rest;
}
