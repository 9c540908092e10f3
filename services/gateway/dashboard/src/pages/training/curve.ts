// One training's values of a metric, over its steps.

import type { EChartsOption } from "echarts";
import type { StopEvidence } from "../../generated/tunewright/v1/tuning_service_pb";
import { GRID, numberAxis } from "../../plots/look";
import type { NoPlot, Palette, Plot } from "../../plots/plot";
import { number, several } from "../../words/numbers";

export interface Point {
  step: number;
  value: number;
  /** Milliseconds since 1970. */
  at: number;
}

export interface CurveChoices {
  metric: string;
  /** 0: as it is; towards 1: the smoother. */
  smoothing: number;
  log: boolean;
  /** Why it was stopped early, where this metric was judged. */
  stopped: StopEvidence | undefined;
}

/** Exponential moving averages, each divided by the weight that it has: the first values are not pulled to zero. */
export function smoothed(values: readonly number[], smoothing: number): number[] {
  let [sum, weight] = [0, 0];
  return values.map((value) => {
    if (!Number.isFinite(value)) return Number.NaN;
    sum = smoothing * sum + (1 - smoothing) * value;
    weight = smoothing * weight + (1 - smoothing);
    return sum / weight;
  });
}

export function curve(points: readonly Point[], palette: Palette, choices: CurveChoices): Plot | NoPlot {
  const { metric, smoothing, stopped } = choices;
  const finite = points.filter(({ value }) => Number.isFinite(value));
  if (points.length === 0) return { empty: `It has said nothing of ${metric} yet.` };
  if (finite.length === 0) return { empty: `None of its values of ${metric} is a finite number.` };
  const log = choices.log && finite.every(({ value }) => value > 0);
  const smooth = smoothed(
    finite.map(({ value }) => value),
    smoothing,
  );
  const left = points.length - finite.length;
  const last = finite.at(-1);
  const faint = smoothing > 0;
  const option: EChartsOption = {
    grid: { ...GRID, top: 22 },
    xAxis: { ...numberAxis(palette, "Emission"), splitLine: { show: false }, minInterval: 1 },
    yAxis: { ...numberAxis(palette, metric, log), nameGap: 44 },
    tooltip: { trigger: "axis", valueFormatter: (value) => number(Number(value)) },
    series: [
      {
        type: "line",
        name: metric,
        data: finite.map(({ step, value }) => [step, value]),
        showSymbol: finite.length < 80,
        symbol: "circle",
        symbolSize: 5,
        lineStyle: { color: palette.accent, width: faint ? 1 : 2, opacity: faint ? 0.35 : 1 },
        itemStyle: { color: palette.accent, opacity: faint ? 0.35 : 1 },
        ...(stopped && markOf(stopped, palette)),
      },
      ...(faint
        ? [
            {
              type: "line" as const,
              name: "smoothed",
              data: finite.map(({ step }, at) => [step, smooth[at] ?? Number.NaN]),
              showSymbol: false,
              lineStyle: { color: palette.accent, width: 2 },
              itemStyle: { color: palette.accent },
            },
          ]
        : []),
    ],
  };
  const notes = [
    stopped && `◆ ${stopped.text}`,
    left > 0 && `${several(left, "value")} that ${left === 1 ? "is" : "are"} no finite number left out.`,
    choices.log && !log && "Not all values are above zero: the axis stays linear.",
  ].filter(Boolean);
  return {
    says: `${metric} over ${several(finite.length, "emission")}; the last is ${number(last?.value)}.`,
    option,
    table: () => ({
      columns: ["step", metric, "at", ...(faint ? ["smoothed"] : [])],
      rows: finite.map(({ step, value, at }, place) => [
        step,
        value,
        new Date(at).toISOString(),
        ...(faint ? [smooth[place]] : []),
      ]),
    }),
    ...(notes.length > 0 && { note: notes.join(" ") }),
  };
}

/** Where it was judged, and what the value was held against. */
function markOf({ step, value, against, rule }: StopEvidence, palette: Palette) {
  const label = { color: palette.stopped, fontSize: 11 };
  return {
    markPoint: {
      symbol: "diamond",
      symbolSize: 11,
      itemStyle: { color: palette.stopped },
      label: { ...label, show: true, position: "top" as const, formatter: "stopped early" },
      data: [{ name: "stopped early", coord: [Number(step), value] }],
    },
    ...(against !== undefined && {
      markLine: {
        silent: true,
        symbol: "none",
        lineStyle: { color: palette.stopped, type: "dashed" as const },
        label: { ...label, position: "insideStartTop" as const, formatter: rule },
        data: [{ yAxis: against }],
      },
    }),
  };
}
