// Parallel coordinates: each training a line over all axes, coloured by its objective.

import type { EChartsOption } from "echarts";
import type { Trial } from "../trainings/trials";
import { number, several } from "../words/numbers";
import { type Axis, along, drawnAxis } from "./axes";
import { OBJECTIVE, shownOn } from "./brushing";
import { told } from "./history";
import { askedFor, mixed, ramp, SHADES } from "./look";
import { type NoPlot, noted, type Palette, type Plot } from "./plot";
import { chosen, ranked, type Subject, type Valued } from "./subject";

export interface ParallelChoices {
  /** From left to right; the objective's is the last one. */
  axes: readonly Axis[];
  /** Those that are shown strongly, best first. */
  within: readonly Valued[];
}

/** By which a brush says of which axis it is. */
export const axisId = (at: number): string => `axis ${at}`;

/** More lines than that nobody can tell apart, and no canvas draws in a moment. */
export const MOST_LINES = 500;
const MOST_BEHIND = 150;

export function parallel(
  trials: readonly Trial[],
  subject: Subject,
  palette: Palette,
  { axes, within }: ParallelChoices,
): Plot | NoPlot {
  const all = ranked(trials, subject);
  if (all.length === 0) return { empty: "No training has an objective yet." };
  if (axes.length < 2) return { empty: "No hyperparameter varies among these trainings." };
  const strong = chosen(within, MOST_LINES);
  const isWithin = new Set(within.map((trial) => trial.number));
  const behind = chosen(
    all.filter((trial) => !isWithin.has(trial.number)),
    MOST_BEHIND,
  );
  const line = (trial: Valued) => [...axes.map((axis) => along(axis, shownOn(axis, trial))), trial.number];
  // The lines have a canvas of their own, below the axes': a brush that is dragged leaves them as they are drawn.
  const look = {
    type: "parallel" as const,
    zlevel: -1,
    smooth: false,
    inactiveOpacity: 0.04,
    activeOpacity: 0.75,
  };
  const colours = ramp(palette);
  const rank = new Map(all.map((trial, at) => [trial.number, at]));
  const shades = shaded(strong, (trial) => 1 - (rank.get(trial.number) ?? 0) / all.length);
  const option: EChartsOption = {
    parallel: { left: 40, right: 60, top: 34, bottom: 22, axisExpandable: false },
    parallelAxis: axes.map((axis, dim) => {
      const drawn = drawnAxis(axis.name === OBJECTIVE ? { ...axis, name: subject.metric } : axis, {
        ...palette,
        muted: palette.text,
      });
      return {
        ...drawn,
        id: axisId(dim),
        dim,
        nameLocation: "end" as const,
        nameGap: 12,
        nameTruncate: { maxWidth: 110 },
        nameTextStyle: { color: palette.text, fontSize: 12 },
        realtime: false,
        areaSelectStyle: { width: 14, borderColor: palette.accent, color: palette.accent, opacity: 0.25 },
        z: 20,
        axisLine: { lineStyle: { color: palette.muted } },
      };
    }),
    tooltip: { trigger: "item", formatter: (params: unknown) => told(trials, askedFor(params), subject) },
    series: [
      {
        ...look,
        silent: true,
        activeOpacity: 0.12,
        inactiveOpacity: 0.12,
        data: behind.map(line),
        lineStyle: { color: palette.muted, width: 1, opacity: 0.12 },
      },
      ...shades.map((these, at) => ({
        ...look,
        z: 3 + at,
        data: these.map(line),
        lineStyle: {
          color: colours[at] ?? palette.accent,
          width: strong.length > 200 ? 1 : 1.6,
          opacity: 0.75,
        },
        emphasis: { lineStyle: { width: 3, color: mixed(palette.accent, palette.text, 0.4), opacity: 1 } },
      })),
    ],
  };
  const left = within.length - strong.length;
  return {
    says: `Parallel coordinates of ${several(axes.length - 1, "hyperparameter")}: ${within.length.toLocaleString("en")} of ${several(all.length, "training")} within what is chosen.`,
    option,
    table: () => table(within, axes, subject),
    scale: { from: "worst", to: `best (${number(all[0]?.value)})`, colours },
    ...noted(
      left > 0 &&
        `${strong.length.toLocaleString("en")} of ${several(within.length, "line")} drawn: the best ${several(Math.ceil(MOST_LINES / 2), "training")}, and others evenly by rank.`,
      axes.find(({ name }) => name === OBJECTIVE)?.note,
    ),
  };
}

/** Cut into as many groups as there are shades, by a share of 0 ... 1. */
export function shaded<T>(items: readonly T[], share: (item: T) => number): T[][] {
  const groups: T[][] = Array.from({ length: SHADES }, () => []);
  for (const item of items) {
    const at = Math.min(SHADES - 1, Math.max(0, Math.floor(share(item) * SHADES)));
    groups[at]?.push(item);
  }
  return groups;
}

function table(within: readonly Valued[], axes: readonly Axis[], subject: Subject) {
  const parameters = axes.filter(({ name }) => name !== OBJECTIVE);
  return {
    columns: ["number", "name", subject.metric, ...parameters.map(({ name }) => name)],
    rows: [...within]
      .sort((one, other) => one.number - other.number)
      .map((trial) => [
        trial.number,
        trial.name,
        trial.value,
        ...parameters.map(({ name }) => trial.parameters[name]),
      ]),
  };
}
