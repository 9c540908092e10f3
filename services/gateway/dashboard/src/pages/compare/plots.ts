// Jobs and trainings over each other, one line each.

import { GRID, numberAxis } from "../../plots/look";
import type { NoPlot, Palette, Plot } from "../../plots/plot";
import { number } from "../../words/numbers";

export interface Line {
  name: string;
  /** Ascending in x. */
  points: readonly (readonly [number, number])[];
  /** Why it has none. */
  why?: string;
}

interface Words {
  x: string;
  y: string;
  /** A value holds until the next one. */
  stepped: boolean;
  empty: string;
}

export function lines(given: readonly Line[], colours: Palette, words: Words): Plot | NoPlot {
  const drawn = given.filter(({ points }) => points.length > 0);
  const note = leftOut(given);
  if (drawn.length === 0) return { empty: note ? `${words.empty} ${note}` : words.empty };
  const last = drawn.map(({ name, points }) => `${name} ${number(points.at(-1)?.[1])}`).join(", ");
  return {
    ...(note ? { note } : {}),
    says: `${words.y} by ${words.x}; at the end: ${last}`,
    option: {
      grid: { ...GRID, top: 36 },
      legend: { top: 0, left: 8, textStyle: { color: colours.text, fontSize: 11 }, type: "scroll" },
      tooltip: { trigger: "item" },
      xAxis: { ...numberAxis(colours, words.x), scale: false, splitLine: { show: false } },
      yAxis: { ...numberAxis(colours, words.y), nameGap: 44 },
      series: drawn.map(({ name, points }) => ({
        type: "line",
        name,
        data: points.map(([x, y]) => [x, y]),
        symbolSize: 4,
        showSymbol: points.length < 100,
        ...(words.stepped ? { step: "end" as const } : {}),
      })),
    },
    table: () => ({
      columns: ["name", words.x, words.y],
      rows: drawn.flatMap(({ name, points }) => points.map(([x, y]) => [name, x, y])),
    }),
  };
}

function leftOut(given: readonly Line[]): string {
  const told = given.flatMap(({ name, points, why }) =>
    points.length === 0 && why ? `${name}: ${why}` : [],
  );
  return told.length > 0 ? `Not drawn: ${told.join("; ")}.` : "";
}
