// The empirical distribution of the objectives: which share of the trainings reached a value or a better one.

import type { EChartsOption } from "echarts";
import type { Trial } from "../trainings/trials";
import { number, several } from "../words/numbers";
import { objectiveAxis } from "./axes";
import { axisLook, GRID, numberAxis } from "./look";
import { type NoPlot, noted, type Palette, type Plot } from "./plot";
import { ranked, type Subject, valued } from "./subject";

/** So many steps of each line are drawn: more are finer than a pixel. */
const MOST_STEPS = 400;

export function distribution(
  trials: readonly Trial[],
  subject: Subject,
  palette: Palette,
  { log }: { log: boolean },
): Plot | NoPlot {
  const all = valued(trials);
  if (all.length < 2) return { empty: "This takes two trainings with an objective." };
  const names = [...new Set(all.map(({ definition }) => definition))].sort();
  const lines = names.map((name) => ({
    name: name || "All trainings",
    best: ranked(
      all.filter(({ definition }) => definition === name),
      subject,
    ),
  }));
  const { kind, note } = objectiveAxis(
    subject.metric,
    all.map(({ value }) => value),
    log,
  );
  const look = axisLook(palette);
  const option: EChartsOption = {
    grid: { ...GRID, top: names.length > 1 ? 32 : 14 },
    legend: {
      show: names.length > 1,
      top: 0,
      left: 8,
      textStyle: { color: palette.text },
      icon: "roundRect",
    },
    xAxis: numberAxis(palette, subject.metric, kind === "log"),
    yAxis: {
      ...look,
      type: "value",
      min: 0,
      max: 1,
      name: "Share as good or better",
      nameGap: 44,
      axisLabel: { ...look.axisLabel, formatter: (share: number) => `${Math.round(100 * share)} %` },
    },
    tooltip: {
      trigger: "item",
      formatter: (params: unknown) => {
        const { seriesName, data } = params as { seriesName: string; data: number[] };
        return `${seriesName}\n${((data[1] ?? 0) * 100).toFixed(1)} % reach ${number(data[0])}`;
      },
    },
    series: lines.map(({ name, best }, at) => ({
      type: "line",
      name,
      data: steps(best.map(({ value }) => value)),
      step: "end",
      symbolSize: 3,
      lineStyle: { width: 2, color: colour(palette, at, names.length) },
      itemStyle: { color: colour(palette, at, names.length) },
    })),
  };
  const middle = ranked(all, subject)[Math.floor((all.length - 1) / 2)];
  return {
    says: `Distribution of ${several(all.length, "objective")}: half of them reach ${number(middle?.value)} or better.`,
    option,
    table: () => ({
      columns: ["definition", "number", subject.metric, "share as good or better"],
      rows: lines.flatMap(({ best }) =>
        best.map((trial, at) => [trial.definition, trial.number, trial.value, (at + 1) / best.length]),
      ),
    }),
    ...noted(note),
  };
}

const colour = (palette: Palette, at: number, of: number): string =>
  of === 1 ? palette.accent : (palette.series[at % palette.series.length] ?? palette.accent);

/** Value and share, best first; thinned to what can be seen, both ends kept. */
export function steps(best: readonly number[], most = MOST_STEPS): [number, number][] {
  const count = Math.min(most, best.length);
  return Array.from({ length: count }, (_, step) => {
    const at = count === 1 ? 0 : Math.round((step * (best.length - 1)) / (count - 1));
    return [best[at] ?? Number.NaN, (at + 1) / best.length];
  });
}
