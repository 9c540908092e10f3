// Best so far: every training's objective, and the best one by then.

import type { EChartsOption } from "echarts";
import type { Trial } from "../trainings/trials";
import { number, several } from "../words/numbers";
import { moment } from "../words/times";
import { type Axis, objectiveAxis, placeAt, varies } from "./axes";
import { askedFor, GRID, LARGE_FROM, numberAxis, timeAxis } from "./look";
import { OUTCOMES, type Outcome, outcome } from "./outcomes";
import { type NoPlot, noted, type Palette, type Plot } from "./plot";
import { better, type Subject, type Valued, valued } from "./subject";

export interface HistoryChoices {
  by: "number" | "time";
  log: boolean;
}

const DRAWN: readonly Outcome[] = ["completed", "stopped", "failed", "running"];

export function history(
  trials: readonly Trial[],
  subject: Subject,
  palette: Palette,
  choices: HistoryChoices,
): Plot | NoPlot {
  const place = (trial: Trial) => (choices.by === "number" ? trial.number : trial.endedAt);
  const points = valued(trials)
    .filter((trial) => place(trial) !== undefined)
    .sort((one, other) => (place(one) ?? 0) - (place(other) ?? 0));
  if (points.length === 0) return { empty: "No training has an objective yet." };
  const best = improvements(points, subject);
  const without = trials.filter((trial) => outcome(trial) === "failed" && trial.value === undefined);
  const last = best.at(-1);
  const axis = objectiveAxis(
    subject.metric,
    points.map(({ value }) => value),
    choices.log,
  );
  const ends = [...points, ...without].map(place).filter((at) => at !== undefined);
  const range = { min: Math.min(...spanOf(ends)), max: Math.max(...spanOf(ends)) };
  const across = choices.by === "number" ? numberAxis(palette, "Training") : timeAxis(palette);
  const line = [...best.map((trial) => [place(trial), trial.value]), [range.max, last?.value]];
  const option: EChartsOption = {
    grid: GRID,
    xAxis: { ...across, ...range, splitLine: { show: false } },
    yAxis: { ...numberAxis(palette, subject.metric, axis.kind === "log"), nameGap: 44 },
    tooltip: { trigger: "item", formatter: (params: unknown) => told(trials, askedFor(params), subject) },
    series: [
      ...DRAWN.map((name) => ({
        type: "scatter" as const,
        name: OUTCOMES[name].word,
        data: points
          .filter((trial) => outcome(trial) === name)
          .map((trial) => [place(trial), trial.value, trial.number]),
        dimensions: ["x", "y", "number"],
        encode: { x: "x", y: "y" },
        symbol: OUTCOMES[name].symbol,
        symbolSize: points.length > LARGE_FROM ? 4 : 7,
        itemStyle: { color: OUTCOMES[name].colour(palette), opacity: 0.6 },
        large: true,
        largeThreshold: LARGE_FROM,
      })),
      {
        type: "line" as const,
        name: "Best so far",
        data: line,
        step: "end" as const,
        symbol: "none",
        silent: true,
        lineStyle: { color: palette.text, width: 2 },
      },
      {
        type: "scatter" as const,
        name: "Without an objective",
        data: without.map((trial) => [place(trial), below(axis), trial.number]),
        symbol: "triangle",
        symbolSize: 7,
        itemStyle: { color: palette.bad },
        large: true,
        largeThreshold: LARGE_FROM,
      },
    ],
  };
  return {
    says: `Best so far of ${several(points.length, "objective")}: ${number(last?.value)}, of training ${last?.number}. It improved ${several(best.length - 1, "time")}.`,
    option,
    table: () => table(trials, place, best, subject),
    ...noted(
      without.length > 0 && `Along the bottom: ${several(without.length, "training")} without an objective.`,
      axis.note,
    ),
  };
}

/** Where those stand that have no objective: a little below all others. */
const below = (axis: Axis): number => placeAt(varies(axis) ? axis : { ...axis, high: axis.low + 1 }, -0.08);

const spanOf = (values: readonly number[]): [number, number] => {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high];
};

/** Those that were better than all before them, in the order given. */
export function improvements(points: readonly Valued[], subject: Subject): Valued[] {
  const best: Valued[] = [];
  for (const trial of points) {
    const before = best.at(-1);
    if (!before || better(subject, trial.value, before.value)) best.push(trial);
  }
  return best;
}

/** What a mark says when it is pointed at. */
export function told(trials: readonly Trial[], of: number | undefined, subject: Subject): string {
  const trial = of === undefined ? undefined : found(trials, of);
  if (!trial) return "";
  const ended = trial.endedAt === undefined ? "" : `, ${moment(trial.endedAt)}`;
  const parameters = Object.entries(trial.parameters)
    .slice(0, 12)
    .map(([name, value]) => `${name}  ${typeof value === "number" ? number(value) : value}`);
  const value = trial.value === undefined ? "no objective" : `${subject.metric}  ${number(trial.value)}`;
  return [`${trial.name}`, `${OUTCOMES[outcome(trial)].word}${ended}`, value, ...parameters].join("\n");
}

/** A training by its number; the list is in their order. */
export function found(trials: readonly Trial[], of: number): Trial | undefined {
  const guess = trials[of - 1];
  return guess?.number === of ? guess : trials.find((trial) => trial.number === of);
}

function table(
  trials: readonly Trial[],
  place: (trial: Trial) => number | undefined,
  best: readonly Valued[],
  subject: Subject,
) {
  const improved = new Set(best.map((trial) => trial.number));
  const byThen = bestByThen(trials, place, best);
  return {
    columns: ["number", "name", "status", subject.metric, "ended", "best so far", "improved"],
    rows: trials.map((trial) => [
      trial.number,
      trial.name,
      trial.status,
      trial.value,
      trial.endedAt === undefined ? undefined : new Date(trial.endedAt).toISOString(),
      byThen.get(trial.number),
      improved.has(trial.number) ? "yes" : "no",
    ]),
  };
}

/** The best value at the place of each training that has one, by number. */
function bestByThen(
  trials: readonly Trial[],
  place: (trial: Trial) => number | undefined,
  best: readonly Valued[],
): Map<number, number> {
  const improved = new Map(best.map(({ number, value }) => [number, value]));
  const placed = trials
    .filter((trial) => place(trial) !== undefined)
    .sort((one, other) => (place(one) ?? 0) - (place(other) ?? 0));
  const byThen = new Map<number, number>();
  let value: number | undefined;
  for (const { number } of placed) {
    value = improved.get(number) ?? value;
    if (value !== undefined) byThen.set(number, value);
  }
  return byThen;
}
