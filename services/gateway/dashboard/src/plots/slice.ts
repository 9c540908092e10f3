// Slices: the objective against each hyperparameter by itself, later trainings in stronger colours.

import type { EChartsOption } from "echarts";
import type { Trial } from "../trainings/trials";
import { several } from "../words/numbers";
import { type Axis, along, drawnAxis, objectiveAxis } from "./axes";
import { told } from "./history";
import { askedFor, GRID, LARGE_FROM, numberAxis, ramp } from "./look";
import { shaded } from "./parallel";
import { type NoPlot, noted, type Palette, type Plot } from "./plot";
import { chosen, ranked, type Subject } from "./subject";

export interface SliceChoices {
  axes: readonly Axis[];
  log: boolean;
}

export const SLICE_ROW_PX = 210;
const COLUMNS = 3;
/** In each slice; more are the same cloud. */
export const MOST_POINTS = 800;

export const sliceHeight = (axes: number): number => Math.max(1, Math.ceil(axes / COLUMNS)) * SLICE_ROW_PX;

export function slice(
  trials: readonly Trial[],
  subject: Subject,
  palette: Palette,
  { axes, log }: SliceChoices,
): Plot | NoPlot {
  const all = ranked(trials, subject);
  if (all.length === 0) return { empty: "No training has an objective yet." };
  if (axes.length === 0) return { empty: "No hyperparameter varies among these trainings." };
  const drawn = chosen(all, MOST_POINTS);
  const last = all.reduce((most, trial) => Math.max(most, trial.number), 1);
  const colours = ramp(palette);
  const shades = shaded(drawn, (trial) => trial.number / (last + 1));
  const { kind, note } = objectiveAxis(
    subject.metric,
    all.map(({ value }) => value),
    log,
  );
  const columns = Math.min(COLUMNS, axes.length);
  const option: EChartsOption = {
    grid: axes.map((_, at) => ({
      ...GRID,
      left: `${(100 * (at % columns)) / columns + 0.8}%`,
      right: "auto" as const,
      width: `${100 / columns - 2}%`,
      top: Math.floor(at / columns) * SLICE_ROW_PX + 10,
      bottom: "auto" as const,
      height: SLICE_ROW_PX - 20,
      outerBounds: {
        left: `${(100 * (at % columns)) / columns + 0.8}%`,
        width: `${100 / columns - 2}%`,
        top: Math.floor(at / columns) * SLICE_ROW_PX + 10,
        height: SLICE_ROW_PX - 16,
      },
    })),
    xAxis: axes.map((axis, gridIndex) => ({
      ...drawnAxis(axis, palette),
      splitLine: { show: false },
      gridIndex,
    })),
    yAxis: axes.map((_, gridIndex) => ({
      ...numberAxis(palette, gridIndex % columns === 0 ? subject.metric : "", kind === "log"),
      nameGap: 40,
      gridIndex,
    })),
    tooltip: { trigger: "item", formatter: (params: unknown) => told(trials, askedFor(params), subject) },
    series: axes.flatMap((axis, at) =>
      shades.map((these, shade) => ({
        type: "scatter" as const,
        xAxisIndex: at,
        yAxisIndex: at,
        data: these.map((trial) => [along(axis, trial.parameters[axis.name]), trial.value, trial.number]),
        symbolSize: drawn.length > LARGE_FROM ? 3 : 6,
        itemStyle: { color: colours[shade] ?? palette.accent, opacity: 0.75 },
        large: drawn.length * axes.length > LARGE_FROM,
        largeThreshold: 0,
      })),
    ),
  };
  return {
    says: `${subject.metric} of ${several(all.length, "training")} against ${axes.map(({ name }) => name).join(", ")}.`,
    option,
    scale: { from: "first", to: "last", colours },
    table: () => ({
      columns: ["number", "name", subject.metric, ...axes.map(({ name }) => name)],
      rows: [...all]
        .sort((one, other) => one.number - other.number)
        .map((trial) => [
          trial.number,
          trial.name,
          trial.value,
          ...axes.map(({ name }) => trial.parameters[name]),
        ]),
    }),
    ...noted(
      drawn.length < all.length &&
        `${drawn.length.toLocaleString("en")} of ${several(all.length, "point")} drawn in each: the best half of them, and others evenly by rank.`,
      note,
    ),
  };
}
