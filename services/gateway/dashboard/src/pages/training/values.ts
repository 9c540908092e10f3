// All that a training has said of its metrics: what there is, thinned, and then what comes.

import type { Measurement } from "../../generated/tunewright/v1/metrics_service_pb";
import { millis } from "../../words/times";
import type { Point } from "./curve";

export type Values = ReadonlyMap<string, readonly Point[]>;

export const NONE: Values = new Map();

/** Adds what comes; what is known already comes again where it was listed and followed. */
export function joined(values: Values, measurements: readonly Measurement[]): Values {
  if (measurements.length === 0) return values;
  const more = new Map<string, Point[]>();
  for (const { metric, value, step, at } of measurements) {
    const point = { step: Number(step), value, at: at ? millis(at) : 0 };
    const points = more.get(metric);
    if (points) points.push(point);
    else more.set(metric, [point]);
  }
  const all = new Map(values);
  for (const [metric, points] of more) {
    const before = values.get(metric) ?? [];
    const known = before.at(-1)?.step ?? 0;
    all.set(metric, [...before, ...points.filter(({ step }) => step > known)]);
  }
  return all;
}
