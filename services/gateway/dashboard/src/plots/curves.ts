// Learning curves: a metric over its steps, the best trainings in strong colours, those that a rule stopped marked.

import type { EChartsOption } from "echarts";
import type { Curve } from "../generated/tunewright/v1/metrics_service_pb";
import type { Trial } from "../trainings/trials";
import { several } from "../words/numbers";
import { objectiveAxis } from "./axes";
import { found, told } from "./history";
import { askedFor, GRID, numberAxis, ramp, shade } from "./look";
import { type Outcome, outcome } from "./outcomes";
import { type NoPlot, noted, type Palette, type Plot } from "./plot";
import { ranked, type Subject } from "./subject";

export interface CurveChoices {
  /** The metric's name on the axis. */
  metric: string;
  /** So many of the best; 0: all, as far as they can be drawn. */
  top: number;
  log: boolean;
}

/** No more can be told apart or drawn in a moment. */
export const MOST_CURVES = 300;
const MOST_RUNNING = 50;

interface Drawn {
  curve: Curve;
  trial: Trial;
  how: Outcome;
  /** 0: the best, towards 1: the worst. */
  rank: number;
}

export function curves(
  all: ReadonlyMap<number, Curve>,
  trials: readonly Trial[],
  subject: Subject,
  palette: Palette,
  { metric, top, log }: CurveChoices,
): Plot | NoPlot {
  const isAsked = new Set(trials.map(({ number }) => number));
  const has = [...all.values()].filter(({ number, steps }) => steps.length > 0 && isAsked.has(number));
  if (has.length === 0) return { empty: "No training has said anything of this metric yet." };
  const drawn = selected(has, trials, subject, top || MOST_CURVES);
  const axis = objectiveAxis(
    metric,
    drawn.flatMap(({ curve }) => curve.values),
    log,
  );
  const colours = ramp(palette);
  const colour = ({ how, rank }: Drawn) =>
    how === "stopped"
      ? palette.stopped
      : how === "failed"
        ? palette.bad
        : how === "running"
          ? palette.good
          : (colours[shade(1 - rank)] ?? palette.accent);
  const ends = (how: Outcome) =>
    drawn
      .filter((one) => one.how === how)
      .map(({ curve }) => [Number(curve.steps.at(-1)), curve.values.at(-1) ?? Number.NaN, curve.number]);
  const option: EChartsOption = {
    grid: GRID,
    xAxis: { ...numberAxis(palette, "Step"), splitLine: { show: false } },
    yAxis: { ...numberAxis(palette, metric, axis.kind === "log"), nameGap: 44 },
    tooltip: { trigger: "item", formatter: (params: unknown) => told(trials, askedFor(params), subject) },
    series: [
      ...[...drawn].reverse().map((one) => ({
        type: "line" as const,
        data: one.curve.steps.map((step, at) => [
          Number(step),
          one.curve.values[at] ?? Number.NaN,
          one.trial.number,
        ]),
        encode: { x: 0, y: 1 },
        showSymbol: one.curve.steps.length === 1,
        symbol: "circle",
        symbolSize: 5,
        triggerLineEvent: true,
        lineStyle: {
          color: colour(one),
          width: one.rank === 0 ? 2.5 : 1.2,
          opacity: one.how === "stopped" ? 0.6 : 0.9,
        },
        itemStyle: { color: colour(one) },
        emphasis: { lineStyle: { width: 3 } },
      })),
      {
        type: "scatter" as const,
        name: "Stopped early",
        z: 5,
        symbol: "diamond",
        symbolSize: 9,
        data: ends("stopped"),
        itemStyle: { color: palette.stopped, borderColor: palette.surface, borderWidth: 1 },
      },
      {
        type: "scatter" as const,
        name: "Running",
        z: 5,
        symbolSize: 7,
        data: ends("running"),
        itemStyle: { color: palette.good, borderColor: palette.surface, borderWidth: 1 },
      },
    ],
  };
  const left = has.length - drawn.length;
  return {
    says: `${metric} over steps of ${several(drawn.length, "training")}, ${ends("stopped").length} of them stopped and ${ends("running").length} running.`,
    option,
    scale: { from: "worse", to: "better", colours },
    ...noted(
      left > 0 && `${several(left, "curve")} of ${has.length.toLocaleString("en")} left out.`,
      ends("stopped").length > 0 && "◆ stopped early: choose one for the reason, here or in the list below.",
      axis.note,
    ),
    table: () => table(has, trials, metric),
  };
}

/** The best so many that have ended, best first, and those that run. */
function selected(has: readonly Curve[], trials: readonly Trial[], subject: Subject, most: number): Drawn[] {
  const rank = new Map(ranked(trials, subject).map(({ number }, at, { length }) => [number, at / length]));
  const known = has.flatMap((curve): Drawn[] => {
    const trial = found(trials, curve.number);
    return trial ? [{ curve, trial, how: outcome(trial), rank: rank.get(curve.number) ?? 1 }] : [];
  });
  const byRank = known
    .filter(({ how }) => how !== "running")
    .sort((one, other) => one.rank - other.rank || one.curve.number - other.curve.number);
  const running = known.filter(({ how }) => how === "running").slice(-MOST_RUNNING);
  return [...byRank.slice(0, Math.min(most, MOST_CURVES)), ...running];
}

function table(has: readonly Curve[], trials: readonly Trial[], metric: string) {
  return {
    columns: ["number", "name", "status", "step", metric],
    rows: has.flatMap(({ number, trainingName, steps, values }) => {
      const status = found(trials, number)?.status;
      return steps.map((step, at) => [number, trainingName, status, Number(step), values[at]]);
    }),
  };
}
