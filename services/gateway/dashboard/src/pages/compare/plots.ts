// Jobs and trainings over each other, one line each.

import type { NoPlot, Palette, Plot } from "../../plots/plot";
import { number } from "../../words/numbers";

export interface Line {
  name: string;
  /** Ascending in x. */
  points: readonly (readonly [number, number])[];
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
  if (drawn.length === 0) return { empty: words.empty };
  const axis = { axisLabel: { color: colours.muted }, splitLine: { lineStyle: { color: colours.line } } };
  const last = drawn.map(({ name, points }) => `${name} ${number(points.at(-1)?.[1])}`).join(", ");
  return {
    says: `${words.y} by ${words.x}; at the end: ${last}`,
    option: {
      grid: { left: 64, right: 16, top: 36, bottom: 44 },
      legend: { top: 0, textStyle: { color: colours.text }, type: "scroll" },
      tooltip: { trigger: "item" },
      xAxis: {
        type: "value",
        name: words.x,
        nameLocation: "middle",
        nameGap: 28,
        ...axis,
        splitLine: { show: false },
      },
      yAxis: { type: "value", name: words.y, scale: true, ...axis },
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
