// How much each hyperparameter explains of the objective's variation, with the interval that the share is within.

import type { CustomSeriesRenderItem, EChartsOption } from "echarts";
import type { Importance } from "../generated/tunewright/v1/metrics_service_pb";
import { several } from "../words/numbers";
import { axisLook, GRID } from "./look";
import type { NoPlot, Palette, Plot } from "./plot";

/** In words; what a method is called on the wire stands in metrics_service.proto. */
export const METHODS: Readonly<Record<string, string>> = {
  ped_anova: "What makes the best quarter differ",
  sobol: "Model's variance, alone",
  sobol_total: "Model's variance, with others",
};

export const methodsOf = (importances: readonly Importance[]): string[] => [
  ...new Set(importances.map(({ method }) => method)),
];

/** Names of hyperparameters, the most important first: by the first method that there is. */
export function byImportance(importances: readonly Importance[]): string[] {
  const [method] = methodsOf(importances);
  return ofMethod(importances, method ?? "").map(({ parameter }) => parameter);
}

const ofMethod = (importances: readonly Importance[], method: string): Importance[] =>
  importances.filter((one) => one.method === method).sort((one, other) => other.share - one.share);

export const MOST_BARS = 20;
export const importanceHeight = (bars: number): number => Math.max(280, 60 + Math.min(bars, MOST_BARS) * 26);

export function importance(
  importances: readonly Importance[],
  palette: Palette,
  { method }: { method: string },
): Plot | NoPlot {
  const all = ofMethod(importances, method);
  const [first] = all;
  if (!first) return { empty: "Nothing is known of importance yet." };
  // The axis of categories begins at the bottom.
  const drawn = all.slice(0, MOST_BARS).reverse();
  const names = drawn.map(({ parameter }) => parameter);
  const option: EChartsOption = {
    grid: { ...GRID, right: 28 },
    xAxis: {
      ...axisLook(palette),
      type: "value",
      min: 0,
      name: "Share, with its 90 % interval",
      axisLabel: { ...axisLook(palette).axisLabel, formatter: (share: number) => percent(share) },
    },
    yAxis: { ...axisLook(palette), type: "category", data: names, splitLine: { show: false } },
    tooltip: {
      trigger: "axis",
      axisPointer: { type: "shadow" },
      formatter: (params: unknown) => {
        const at = Array.isArray(params) ? (params[0] as { dataIndex?: number }).dataIndex : undefined;
        const one = drawn[at ?? -1];
        return one
          ? `${one.parameter}\n${percent(one.share)} (${percent(one.low)} … ${percent(one.high)})`
          : "";
      },
    },
    series: [
      {
        type: "bar",
        data: drawn.map(({ share }) => share),
        barMaxWidth: 22,
        itemStyle: { color: palette.accent, opacity: 0.75, borderRadius: 2 },
      },
      {
        type: "custom",
        silent: true,
        z: 5,
        renderItem: whisker(palette),
        data: drawn.map(({ low, high }, at) => [low, high, at]),
        encode: { x: [0, 1], y: 2 },
      },
    ],
  };
  return {
    says: `Importance of ${several(all.length, "hyperparameter")}: ${first.parameter} comes first, with a share of ${percent(first.share)}.`,
    option,
    table: () => ({
      columns: ["definition", "parameter", "method", "share", "low", "high"],
      rows: importances.map((one) => [
        one.definitionName,
        one.parameter,
        one.method,
        one.share,
        one.low,
        one.high,
      ]),
    }),
    ...(all.length > MOST_BARS && {
      note: `The first ${MOST_BARS} of ${several(all.length, "hyperparameter")}; the CSV has all.`,
    }),
  };
}

const percent = (share: number): string => `${(100 * share).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`;

function whisker(palette: Palette): CustomSeriesRenderItem {
  return (_, api) => {
    const at = api.value(2);
    const [from = 0, y = 0] = api.coord([api.value(0), at]);
    const [to = 0] = api.coord([api.value(1), at]);
    const style = { stroke: palette.text, lineWidth: 1.5, fill: "none" };
    const line = (x1: number, y1: number, x2: number, y2: number) => ({
      type: "line" as const,
      shape: { x1, y1, x2, y2 },
      style,
    });
    return {
      type: "group",
      children: [line(from, y, to, y), line(from, y - 4, from, y + 4), line(to, y - 4, to, y + 4)],
    };
  };
}
