// Where a configuration came from, in words.

import type { Provenance } from "../../generated/tunewright/v1/tuning_service_pb";
import { number } from "../../words/numbers";

const SOURCES: Readonly<Record<string, string>> = {
  default: "the middle of the ranges, or the hints",
  initial: "spread over the ranges, to begin with",
  parent: "a good one of a parent job",
  explore: "where the model is unsure",
  exploit: "where the model expects the best",
  random: "drawn at random",
  grid: "the next of the grid",
  enqueued: "enqueued by somebody",
  repeat: "one of the best, run again",
  imported: "imported",
  fallback: "drawn at random: the suggester did not answer",
};

export const sourceWords = (source: string): string =>
  source in SOURCES ? `${source}: ${SOURCES[source]}` : source;

/** "0.71 ± 0.02; came out 0.75, 2 deviations above"; empty: there was no model. */
export function foretold({ mean, deviation }: Provenance, value: number | undefined): string {
  if (mean === undefined) return "";
  const said = deviation === undefined ? number(mean) : `${number(mean)} ± ${number(deviation)}`;
  if (value === undefined) return said;
  const off = deviation ? (value - mean) / deviation : undefined;
  if (off === undefined) return `${said}; came out ${number(value)}`;
  return `${said}; came out ${number(value)}, ${number(Number(Math.abs(off).toPrecision(2)))} deviations ${off < 0 ? "below" : "above"}`;
}

export interface Relevance {
  name: string;
  lengthscale: number;
  /** Of the longest. */
  share: number;
}

/** The shortest first: it matters most. Shares are of logarithms' range, for lengthscales differ by powers of ten. */
export function relevances(lengthscales: Readonly<Record<string, number>>): Relevance[] {
  const sorted = Object.entries(lengthscales)
    .filter(([, length]) => length > 0)
    .sort(([, one], [, other]) => one - other);
  const longest = sorted.at(-1)?.[1] ?? 1;
  return sorted.map(([name, lengthscale]) => ({
    name,
    lengthscale,
    share: 1 / (1 + Math.log10(longest / lengthscale)),
  }));
}
