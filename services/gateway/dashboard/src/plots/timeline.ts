// The timeline: trainers as rows, attempts as bars, coloured by how they ended. Gaps are idle slots.

import type { CustomSeriesRenderItem, EChartsOption } from "echarts";
import type { Trial } from "../trainings/trials";
import { several } from "../words/numbers";
import { duration } from "../words/times";
import { told } from "./history";
import { type Bar, bars, type Lane, lanes } from "./lanes";
import { askedFor, axisLook, GRID, timeAxis } from "./look";
import { OUTCOMES } from "./outcomes";
import type { NoPlot, Palette, Plot } from "./plot";
import type { Subject } from "./subject";

const ROW_PX = 20;
const MOST_PX = 700;
/** From so many bars on, the library draws them a part at a time. */
const PROGRESSIVE_FROM = 3000;

export const timelineHeight = (rows: number): number => Math.min(MOST_PX, 90 + rows * ROW_PX);

const ENDS = ["completed", "stopped", "failed", "running", "lost"] as const;
type End = (typeof ENDS)[number];

export function timeline(
  trials: readonly Trial[],
  subject: Subject | undefined,
  palette: Palette,
  now: number,
): (Plot & { rows: number }) | NoPlot {
  const all = bars(trials);
  if (all.length === 0) return { empty: "No training has begun yet." };
  const rows = lanes(all, now);
  const placed = rows.flatMap((lane, row) => lane.bars.map((bar) => ({ bar, row })));
  const option: EChartsOption = {
    grid: { ...GRID, top: 30, bottom: 30 },
    legend: {
      top: 0,
      left: 8,
      itemHeight: 9,
      icon: "roundRect",
      textStyle: { color: palette.text, fontSize: 11 },
    },
    xAxis: timeAxis(palette),
    yAxis: {
      ...axisLook(palette),
      type: "category",
      inverse: true,
      data: rows.map(labelled),
      axisLabel: { ...axisLook(palette).axisLabel, interval: 0, width: 110, overflow: "truncate" },
    },
    dataZoom: [
      { type: "inside", xAxisIndex: 0, filterMode: "weakFilter" },
      { type: "slider", height: 14, bottom: 4, filterMode: "weakFilter", labelFormatter: "" },
    ],
    tooltip: {
      trigger: "item",
      formatter: (params: unknown) => {
        const index = (params as { data: number[] }).data[3] ?? -1;
        const bar = placed[index]?.bar;
        const took = bar ? `attempt ${bar.attempt}, ${duration((bar.to ?? now) - bar.from)}` : "";
        return `${told(trials, askedFor(params), subject ?? { metric: "objective", minimize: true })}\n${took}`;
      },
    },
    series: ENDS.map((end) => ({
      type: "custom",
      name: end === "lost" ? "Run again" : OUTCOMES[end].word,
      itemStyle: { color: colour(end, palette) },
      renderItem: drawn(colour(end, palette)),
      data: placed.flatMap(({ bar, row }, index) =>
        bar.end === end ? [[row, bar.from, bar.to ?? now, index, bar.trial.number]] : [],
      ),
      encode: { x: [1, 2], y: 0 },
      progressive: 800,
      progressiveThreshold: PROGRESSIVE_FROM,
      clip: true,
    })),
  };
  const trainers = new Set(rows.map(({ trainer }) => trainer)).size;
  const busy = all.reduce((sum, bar) => sum + ((bar.to ?? now) - bar.from), 0);
  return {
    says: `Timeline of ${several(all.length, "attempt")} on ${several(trainers, "trainer")}: ${duration(busy)} of running in all.`,
    option,
    rows: rows.length,
    table: () => ({
      columns: ["trainer", "number", "name", "attempt", "end", "from", "to"],
      rows: placed.map(({ bar }) => row(bar)),
    }),
  };
}

const row = ({ trainer, trial, attempt, end, from, to }: Bar) => [
  trainer,
  trial.number,
  trial.name,
  attempt,
  end,
  new Date(from).toISOString(),
  to === undefined ? undefined : new Date(to).toISOString(),
];

const colour = (end: End, palette: Palette): string =>
  end === "lost" ? palette.muted : OUTCOMES[end].colour(palette);

/** A trainer's name stands at its first row. */
const labelled = ({ trainer, slot }: Lane): string => (slot === 0 ? trainer : `${trainer} ${slot + 1}`);

function drawn(fill: string): CustomSeriesRenderItem {
  return (_, api) => {
    const at = api.value(0);
    const [from = 0, middle = 0] = api.coord([api.value(1), at]);
    const [to = 0] = api.coord([api.value(2), at]);
    const size = api.size?.([0, 1]);
    const height = Math.min(14, (Array.isArray(size) ? (size[1] ?? 0) : 14) * 0.7);
    const shape = { x: from, y: middle - height / 2, width: Math.max(1, to - from - 0.5), height };
    return { type: "rect", shape, style: { fill, opacity: 0.85 } };
  };
}
