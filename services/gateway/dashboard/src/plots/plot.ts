// What a plot is: made from data by a pure function, drawn by <Chart>, and saved as a picture or as a table.

import type { EChartsOption } from "echarts";
import type { Rows } from "../parts/saving";

export interface Plot {
  /** What it shows, in a sentence, for who cannot see it. */
  says: string;
  option: EChartsOption;
  /** All that is drawn, as a table. */
  table: () => Rows;
  /** What the colours stand for, where they are a scale. */
  scale?: Scale;
  /** What is not drawn, or not as it is; in a sentence under the plot. */
  note?: string;
}

/** Colours from one end to the other, with what stands at the ends. */
export interface Scale {
  from: string;
  to: string;
  colours: readonly string[];
}

/** There is too little to draw; why, in a sentence. */
export interface NoPlot {
  empty: string;
}

/** Colours of the style sheet, for what is drawn on canvas. */
export interface Palette {
  text: string;
  muted: string;
  line: string;
  surface: string;
  accent: string;
  good: string;
  bad: string;
  stopped: string;
  waiting: string;
  /** For categories: told apart also by who sees few colours (Okabe and Ito 2008). */
  series: string[];
}

/** Sentences as one note, as far as there are any. */
export function noted(...sentences: (string | false | undefined)[]): Pick<Plot, "note"> {
  const note = sentences.filter(Boolean).join(" ");
  return note ? { note } : {};
}

export const isDrawn = (plot: Plot | NoPlot): plot is Plot => "option" in plot;
