// What is asked about a pasted log, and its lines with what was read in them.

import type { TriedReading, TryMetricsResponse } from "../../generated/tunewright/v1/metrics_service_pb";
import { Direction, ObjectiveReading } from "../../generated/tunewright/v1/spec_pb";
import { type Fields, regexByName } from "./fields";

export interface Tried {
  text: string;
  answer: TryMetricsResponse;
}

export interface Definition {
  name: string;
  regex: string;
}

/** The metrics that the form names, the objective among them. */
export function definitionsOf({ metric, metrics }: Pick<Fields, "metric" | "metrics">): Definition[] {
  const named = metrics
    .filter(({ name }) => name !== "")
    .map(({ name, found, regex }) => ({
      name,
      regex: found === "json" ? "" : found === "name" ? regexByName(name) : regex,
    }));
  if (metric === "" || named.some(({ name }) => name === metric)) return named;
  return [{ name: metric, regex: regexByName(metric) }, ...named];
}

/** What makes an objective of the values; undefined: none is named. */
export function objectiveOf({
  metric,
  direction,
  reading,
}: Pick<Fields, "metric" | "direction" | "reading">) {
  if (metric === "") return undefined;
  const last = /^mean of last (\d{1,9})$/.exec(reading)?.[1];
  return {
    metricName: metric,
    direction: direction === "minimize" ? Direction.MINIMIZE : Direction.MAXIMIZE,
    reading: last
      ? ObjectiveReading.MEAN_OF_LAST
      : reading === "best"
        ? ObjectiveReading.BEST
        : ObjectiveReading.LAST,
    lastK: Number(last ?? 1),
  };
}

export interface Part {
  text: string;
  read: boolean;
}

export interface ReadLine {
  /** From 0. */
  line: number;
  parts: Part[];
  readings: TriedReading[];
}

/** The lines in which something was read. */
export function readLines(text: string, readings: readonly TriedReading[]): ReadLine[] {
  const lines = text.split(/\r\n|\n|\r/);
  const found = new Map<number, TriedReading[]>();
  for (const reading of readings) {
    const line = Number(reading.line);
    found.set(line, [...(found.get(line) ?? []), reading]);
  }
  return [...found].map(([line, of]) => ({ line, parts: parts(lines[line] ?? "", of), readings: of }));
}

/** A line cut where values were captured: the server tells what, not where, and behind the metric's name is likely. */
function parts(line: string, readings: readonly TriedReading[]): Part[] {
  const read = new Array<boolean>(line.length).fill(false);
  for (const { text, metric } of readings) {
    const named = line.indexOf(metric);
    const behind = named < 0 ? -1 : line.indexOf(text, named + metric.length);
    let at = text === "" ? -1 : behind < 0 ? line.indexOf(text) : behind;
    while (at >= 0 && read[at]) at = line.indexOf(text, at + 1);
    if (at >= 0) read.fill(true, at, at + text.length);
  }
  const cut: Part[] = [];
  for (const [at, mark] of read.entries()) {
    const last = cut.at(-1);
    if (last?.read === mark) last.text += line[at] ?? "";
    else cut.push({ text: line[at] ?? "", read: mark });
  }
  return cut;
}
