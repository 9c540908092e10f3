// Hyperband's brackets: what every training was worth at each rung, who went on from there and who was stopped.

import type { EChartsOption } from "echarts";
import type { Curve } from "../generated/tunewright/v1/metrics_service_pb";
import type { Trial } from "../trainings/trials";
import { number, several } from "../words/numbers";
import { told } from "./history";
import { askedFor, axisLook, GRID, numberAxis } from "./look";
import { isOver, outcome } from "./outcomes";
import { type NoPlot, noted, type Palette, type Plot } from "./plot";
import type { Subject } from "./subject";

export type Fate = "went on" | "stopped" | "finished" | "under way" | "failed";

export interface Arrival {
  trial: Trial;
  bracket: number;
  rung: number;
  /** The nearest step that is known, at the rung or before it: of a long curve not all steps are. */
  step: number;
  /** At that step. */
  value: number;
  fate: Fate;
}

export const BRACKET_ROW_PX = 190;
const FATES: readonly Fate[] = ["stopped", "went on", "finished", "under way", "failed"];
const SYMBOLS: Record<Fate, string> = {
  "went on": "circle",
  stopped: "diamond",
  finished: "roundRect",
  "under way": "emptyCircle",
  failed: "triangle",
};

/** Of every training, each rung that it has reached. */
export function arrivals(trials: readonly Trial[], curves: ReadonlyMap<number, Curve>): Arrival[] {
  return trials.flatMap((trial) => {
    const curve = curves.get(trial.number);
    const reached = Number(curve?.steps.at(-1) ?? 0);
    const rungs = trial.rungs.filter((rung) => rung <= reached);
    return rungs.map((rung, at) => ({
      trial,
      bracket: trial.bracket,
      rung,
      ...nearest(curve, rung),
      fate: at < rungs.length - 1 ? "went on" : fateOf(trial, rung),
    }));
  });
}

function fateOf(trial: Trial, rung: number): Fate {
  if (rung === trial.rungs.at(-1)) return "finished";
  if (!isOver(trial)) return "under way";
  if (trial.stopRule) return "stopped";
  return outcome(trial) === "completed" ? "finished" : outcome(trial) === "stopped" ? "stopped" : "failed";
}

/** Where a curve is at a step, or at the last one before it that the curve has. */
function nearest(curve: Curve | undefined, rung: number): { step: number; value: number } {
  const at = curve?.steps.findLastIndex((one) => Number(one) <= rung) ?? -1;
  return { step: Number(curve?.steps[at] ?? Number.NaN), value: curve?.values[at] ?? Number.NaN };
}

/** Where a training was, and if that is not quite known, at which step its value was taken. */
export function toldOf({ rung, step, value }: Arrival, { metric }: Subject): string {
  return `rung ${rung}: ${metric}  ${number(value)}${step === rung ? "" : ` (≈ at step ${step})`}`;
}

export function brackets(
  trials: readonly Trial[],
  curves: ReadonlyMap<number, Curve>,
  subject: Subject,
  palette: Palette,
): (Plot & { count: number }) | NoPlot {
  const all = arrivals(trials, curves);
  if (all.length === 0) return { empty: "No training has reached a rung yet." };
  const names = [...new Set(all.map(({ bracket }) => bracket))].sort((one, other) => other - one);
  const rungs = [...new Set(trials.flatMap((trial) => trial.rungs))].sort((one, other) => one - other);
  const values = all.map(({ value }) => value).filter(Number.isFinite);
  // One scale for all brackets, with room for the marks.
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = (high - low) * 0.06 || 1;
  const same = { min: low - room, max: high + room, splitNumber: 3 };
  const colours: Record<Fate, string> = {
    "went on": palette.accent,
    stopped: palette.stopped,
    finished: palette.good,
    "under way": palette.muted,
    failed: palette.bad,
  };
  const option: EChartsOption = {
    grid: names.map((_, at) => {
      const [top, height] = [at * BRACKET_ROW_PX + 34, BRACKET_ROW_PX - 44];
      const place = { top, height, left: 8, right: 16 };
      return { ...GRID, ...place, bottom: "auto" as const, outerBounds: place };
    }),
    title: names.map((name, at) => ({
      text: `Bracket ${name}`,
      top: at * BRACKET_ROW_PX + 16,
      left: 8,
      textStyle: { fontSize: 11, fontWeight: "normal" as const, color: palette.muted },
    })),
    legend: {
      top: 0,
      left: 8,
      itemHeight: 9,
      itemWidth: 10,
      textStyle: { color: palette.text, fontSize: 11 },
    },
    xAxis: names.map((name, gridIndex) => ({
      ...axisLook(palette),
      type: "category" as const,
      gridIndex,
      data: rungs.map((rung) => labelled(all, name, rung)),
      axisLabel: { ...axisLook(palette).axisLabel, interval: 0, lineHeight: 14 },
    })),
    yAxis: names.map((_, gridIndex) => ({
      ...numberAxis(palette, subject.metric),
      nameGap: 44,
      gridIndex,
      ...same,
      axisLabel: { ...numberAxis(palette, "").axisLabel, showMinLabel: false, showMaxLabel: false },
    })),
    tooltip: {
      trigger: "item",
      formatter: (params: unknown) => {
        const arrival = all[(params as { data: number[] }).data[2] ?? -1];
        const training = told(trials, askedFor(params), subject);
        return arrival ? `${training}\n${toldOf(arrival, subject)}` : training;
      },
    },
    series: names.flatMap((name, at) =>
      FATES.map((fate) => ({
        type: "scatter" as const,
        name: fate,
        xAxisIndex: at,
        yAxisIndex: at,
        symbol: SYMBOLS[fate],
        symbolSize: 8,
        itemStyle: { color: colours[fate], opacity: 0.75 },
        data: all.flatMap((one, index) =>
          one.bracket === name && one.fate === fate
            ? [[rungs.indexOf(one.rung), one.value, index, one.trial.number]]
            : [],
        ),
        large: true,
        largeThreshold: 1500,
      })),
    ),
  };
  const count = (fate: Fate) => all.filter((one) => one.fate === fate).length;
  const near = all.filter(({ rung, step }) => step !== rung).length;
  return {
    says: `${several(names.length, "bracket")} over the rungs ${rungs.join(", ")}: ${count("stopped")} stopped at a rung, ${count("finished")} finished.`,
    option,
    count: names.length,
    ...noted(
      "A resource is one value of the objective.",
      near > 0 &&
        `Of long curves not every step is here: ${several(near, "value")} of ${all.length.toLocaleString("en")} ${near === 1 ? "is" : "are"} of a step before the rung.`,
    ),
    table: () => ({
      columns: ["bracket", "rung", "number", "name", subject.metric, "at step", "fate"],
      rows: all.map(({ bracket, rung, trial, value, step, fate }) => [
        bracket,
        rung,
        trial.number,
        trial.name,
        value,
        step,
        fate,
      ]),
    }),
  };
}

/** The rung, with how many arrived there and how many of them went on. */
function labelled(all: readonly Arrival[], bracket: number, rung: number): string {
  const here = all.filter((one) => one.bracket === bracket && one.rung === rung);
  if (here.length === 0) return `${rung}`;
  const on = here.filter(({ fate }) => fate === "went on").length;
  return here.some(({ fate }) => fate !== "finished")
    ? `${rung}\n${here.length} came, ${on} went on`
    : `${rung}\n${here.length} finished`;
}
