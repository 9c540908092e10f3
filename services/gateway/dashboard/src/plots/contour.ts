// The objective over two hyperparameters: the trainings, and a surface put between them.

import type { CustomSeriesRenderItem, EChartsOption } from "echarts";
import type { Trial } from "../trainings/trials";
import { number, several } from "../words/numbers";
import { type Axis, along, drawnAxis, placeAt, shareAlong } from "./axes";
import { told } from "./history";
import { surface } from "./interpolation";
import { askedFor, GRID, LARGE_FROM, ramp, shade } from "./look";
import type { NoPlot, Palette, Plot } from "./plot";
import { chosen, ranked, type Subject, type Valued } from "./subject";

export interface ContourChoices {
  x: Axis | undefined;
  y: Axis | undefined;
}

const CELLS = 36;
const SHADES = 9;
const MOST_POINTS = 1500;
const FEWEST = 4;

export function contour(
  trials: readonly Trial[],
  subject: Subject,
  palette: Palette,
  { x, y }: ContourChoices,
): Plot | NoPlot {
  if (!x || !y || x.name === y.name) return { empty: "This takes two hyperparameters that vary." };
  const has = (trial: Valued) => along(x, trial.parameters[x.name]) + along(y, trial.parameters[y.name]);
  const all = ranked(trials, subject).filter((trial) => Number.isFinite(has(trial)));
  if (all.length < FEWEST)
    return {
      empty: `This takes ${FEWEST} trainings with an objective; there ${all.length === 1 ? "is" : "are"} ${all.length}.`,
    };
  const [columns, rows] = [cellsOf(x), cellsOf(y)];
  const points = all.map((trial) => ({
    x: shareAlong(x, trial.parameters[x.name]),
    y: shareAlong(y, trial.parameters[y.name]),
    value: trial.value,
  }));
  const apart = { columns: x.kind === "category", rows: y.kind === "category" };
  const cells = surface(points, columns, rows, apart);
  const { low, high } = robust(all);
  const colours = ramp(palette, SHADES);
  const goodness = (value: number) => {
    const share = high > low ? (value - low) / (high - low) : 0.5;
    return shade(subject.minimize ? 1 - share : share, SHADES);
  };
  const drawn = chosen(all, MOST_POINTS);
  const option: EChartsOption = {
    grid: { ...GRID, right: 24 },
    xAxis: { ...drawnAxis(x, palette), splitLine: { show: false } },
    yAxis: { ...drawnAxis(y, palette), splitLine: { show: false }, nameGap: 44 },
    tooltip: { trigger: "item", formatter: (params: unknown) => told(trials, askedFor(params), subject) },
    series: [
      {
        type: "custom",
        silent: true,
        renderItem: rectangles(x, y, columns, rows, colours),
        data: cells.map(({ column, row, value }) => [column, row, goodness(value)]),
        encode: { x: [], y: [] },
        z: 1,
      },
      {
        type: "scatter",
        z: 3,
        data: drawn.map((trial) => [
          along(x, trial.parameters[x.name]),
          along(y, trial.parameters[y.name]),
          trial.number,
        ]),
        symbolSize: drawn.length > 300 ? 3 : 6,
        itemStyle: { color: palette.text, borderColor: palette.surface, borderWidth: 0.5, opacity: 0.7 },
        large: true,
        largeThreshold: LARGE_FROM,
      },
    ],
  };
  return {
    says: `${subject.metric} over ${x.name} and ${y.name}, of ${several(all.length, "training")}. Best: ${number(all[0]?.value)} at ${x.name} ${placeOf(all[0], x)} and ${y.name} ${placeOf(all[0], y)}.`,
    option,
    scale: {
      from: `worse (${number(subject.minimize ? high : low)})`,
      to: `better (${number(subject.minimize ? low : high)})`,
      colours,
    },
    note: `Between the trainings the surface is interpolated by inverse distance: no model, and noise is taken for effect.`,
    table: () => table(all, x, y, subject),
  };
}

const cellsOf = (axis: Axis): number => (axis.kind === "category" ? axis.categories.length : CELLS);

const placeOf = (trial: Valued | undefined, axis: Axis): string => {
  const value = trial?.parameters[axis.name];
  return typeof value === "number" ? number(value) : (value ?? "");
};

/** The range of all but the worst tenth: one training that diverged is not to make all others alike. */
function robust(bestFirst: readonly Valued[]): { low: number; high: number } {
  const best = bestFirst[0]?.value ?? 0;
  const worst = bestFirst[Math.floor((bestFirst.length - 1) * 0.9)]?.value ?? best;
  return { low: Math.min(best, worst), high: Math.max(best, worst) };
}

function rectangles(
  x: Axis,
  y: Axis,
  columns: number,
  rows: number,
  colours: readonly string[],
): CustomSeriesRenderItem {
  return (_, api) => {
    const [column, row] = [Number(api.value(0)), Number(api.value(1))];
    const [left, right] = edges(
      x,
      column,
      columns,
      (place) => api.coord([place, along(y, firstOf(y))])[0] ?? 0,
    );
    const [bottom, top] = edges(y, row, rows, (place) => api.coord([along(x, firstOf(x)), place])[1] ?? 0);
    return {
      type: "rect",
      // Half a pixel more on each side: no gaps between the cells.
      shape: { x: left - 0.25, y: top - 0.25, width: right - left + 0.5, height: bottom - top + 0.5 },
      style: { fill: colours[Number(api.value(2))] ?? "transparent", opacity: 1 },
    };
  };
}

const firstOf = (axis: Axis): number | string => axis.categories[0] ?? axis.low;

/** Pixels of a cell's edges. Between texts the canvas has no places: a band reaches halfway to the next. */
function edges(axis: Axis, at: number, of: number, pixel: (place: number) => number): [number, number] {
  if (axis.kind !== "category") return [pixel(placeAt(axis, at / of)), pixel(placeAt(axis, (at + 1) / of))];
  const half = of > 1 ? (pixel(1) - pixel(0)) / 2 : 40;
  return [pixel(at) - half, pixel(at) + half];
}

function table(all: readonly Valued[], x: Axis, y: Axis, subject: Subject) {
  return {
    columns: ["number", "name", x.name, y.name, subject.metric],
    rows: [...all]
      .sort((one, other) => one.number - other.number)
      .map((trial) => [
        trial.number,
        trial.name,
        trial.parameters[x.name],
        trial.parameters[y.name],
        trial.value,
      ]),
  };
}
