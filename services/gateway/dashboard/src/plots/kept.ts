// What a person has done to a plot and a drawing would forget: the part zoomed in on, and what the legend hides.

import type { EChartsOption } from "echarts";

/** As much of the charting library's own state as is kept. */
export interface State {
  dataZoom?: readonly Zoom[];
  legend?: readonly { selected?: Record<string, boolean> }[];
}

interface Zoom {
  /** Percent of the axis. */
  start?: number;
  end?: number;
  /** The same in the axis' own numbers. */
  startValue?: unknown;
  endValue?: unknown;
}

/** The option, zoomed and selected as the chart was before. */
export function withState(option: EChartsOption, { dataZoom = [], legend = [] }: State): EChartsOption {
  const [zooms, [selection]] = [listed(option.dataZoom), legend];
  const zoomed = zooms.map((zoom, at) => ({ ...zoom, ...rangeOf(dataZoom[at]) }));
  const one = Array.isArray(option.legend) ? undefined : option.legend;
  return {
    ...option,
    ...(zooms.length > 0 && { dataZoom: zoomed as NonNullable<EChartsOption["dataZoom"]> }),
    ...(one && selection?.selected && { legend: { ...one, selected: selection.selected } }),
  };
}

/** An end that stands at the axis' own goes along with it; any other stays where it is while data come. */
function rangeOf({ start = 0, end = 100, startValue, endValue }: Zoom = {}) {
  return { ...(start > 0 ? { startValue } : { start: 0 }), ...(end < 100 ? { endValue } : { end: 100 }) };
}

const listed = <T>(some: T | T[] | undefined): T[] =>
  some === undefined ? [] : Array.isArray(some) ? some : [some];
