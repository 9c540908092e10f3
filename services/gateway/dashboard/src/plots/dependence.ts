// The model's mean of the objective along one hyperparameter, all others averaged out, with its standard deviation.

import type { EChartsOption } from "echarts";
import type { PartialDependence } from "../generated/tunewright/v1/metrics_service_pb";
import { number } from "../words/numbers";
import { plain } from "../words/values";
import { type Axis, along, drawnAxis } from "./axes";
import { GRID, numberAxis } from "./look";
import type { NoPlot, Palette, Plot } from "./plot";
import type { Subject } from "./subject";

export function dependence(
  of: PartialDependence | undefined,
  axis: Axis | undefined,
  subject: Subject,
  palette: Palette,
): Plot | NoPlot {
  if (!of || !axis) return { empty: "The model says nothing of this hyperparameter yet." };
  const points = of.at.map((value, at) => {
    const [mean, deviation] = [of.mean[at] ?? Number.NaN, of.deviation[at] ?? 0];
    return { value: plain(value), mean, low: mean - deviation, high: mean + deviation };
  });
  const whole = wide(
    axis,
    points.map(({ value }) => value),
  );
  const place = (value: number | string | undefined) => along(whole, value);
  const range = {
    min: Math.min(...points.map(({ low }) => low)),
    max: Math.max(...points.map(({ high }) => high)),
  };
  const isText = whole.kind === "category";
  const option: EChartsOption = {
    grid: GRID,
    xAxis: { ...drawnAxis(whole, palette), splitLine: { show: false } },
    yAxis: { ...numberAxis(palette, subject.metric), ...range, nameGap: 44 },
    tooltip: {
      trigger: "axis",
      formatter: (params: unknown) => {
        const at = Array.isArray(params) ? (params[0] as { dataIndex?: number }).dataIndex : undefined;
        const point = points[at ?? -1];
        return point
          ? `${axis.name}  ${said(point.value)}\n${number(point.mean)} (${number(point.low)} … ${number(point.high)})`
          : "";
      },
    },
    series: [
      {
        type: "line",
        data: points.map(({ value, mean }) => [place(value), mean]),
        symbol: "circle",
        symbolSize: isText ? 9 : 3,
        lineStyle: { color: palette.accent, width: isText ? 0 : 2 },
        itemStyle: { color: palette.accent },
        z: 4,
      },
      {
        type: "custom",
        silent: true,
        z: 2,
        // One shape for all points: a band, or of texts a bar for each.
        data: isText ? points.map((_, at) => [at]) : [[0]],
        encode: { x: [], y: [] },
        renderItem: (_, api) => {
          const at = (value: number | string | undefined, y: number) => api.coord([place(value), y]);
          const fill = { fill: palette.accent, opacity: 0.2 };
          const point = points[Number(api.value(0))];
          if (!isText) {
            const edge = [
              ...points.map(({ value, low }) => at(value, low)),
              ...points.map(({ value, high }) => at(value, high)).reverse(),
            ];
            return { type: "polygon", shape: { points: edge }, style: fill };
          }
          const [x = 0, bottom = 0] = at(point?.value, point?.low ?? Number.NaN);
          const [, top = 0] = at(point?.value, point?.high ?? Number.NaN);
          return { type: "rect", shape: { x: x - 8, y: top, width: 16, height: bottom - top }, style: fill };
        },
      },
    ],
  };
  const { minimize } = subject;
  const best = points.reduce(
    (one, other) => ((minimize ? other.mean < one.mean : other.mean > one.mean) ? other : one),
    points[0] ?? { value: undefined, mean: 0, low: 0, high: 0 },
  );
  return {
    says: `The model's mean of ${subject.metric} along ${axis.name}: best at ${said(best.value)}, ${number(best.mean)}.`,
    option,
    note: "Shaded: one standard deviation to each side.",
    table: () => ({
      columns: [axis.name, "mean", "low", "high"],
      rows: points.map(({ value, mean, low, high }) => [value, mean, low, high]),
    }),
  };
}

const said = (value: number | string | undefined): string =>
  typeof value === "number" ? number(value) : (value ?? "");

/** The axis, with room for values that no training has had. */
function wide(axis: Axis, values: readonly (number | string | undefined)[]): Axis {
  if (axis.kind === "category")
    return { ...axis, categories: [...new Set([...axis.categories, ...values.map(String)])] };
  const numbers = values.filter((value) => typeof value === "number");
  return { ...axis, low: Math.min(axis.low, ...numbers), high: Math.max(axis.high, ...numbers) };
}
