// How all plots look: quiet axes, one scale of colours.

import { number } from "../words/numbers";
import type { Palette } from "./plot";

/** So many colours make a scale; each is a series of its own, for the charting library draws those fastest. */
export const SHADES = 6;
/** From so many points on, the library draws them as one shape. */
export const LARGE_FROM = 1500;

/** The part of the canvas that axes and their names leave. */
export const GRID = {
  left: 8,
  right: 16,
  top: 14,
  bottom: 8,
  outerBoundsMode: "same",
  outerBoundsContain: "all",
} as const;

export function axisLook(palette: Palette) {
  return {
    axisLine: { lineStyle: { color: palette.line } },
    axisTick: { show: false },
    axisLabel: { color: palette.muted, fontSize: 11, hideOverlap: true },
    splitLine: { lineStyle: { color: palette.line, opacity: 0.5 } },
    nameTextStyle: { color: palette.muted, fontSize: 11 },
    nameLocation: "middle",
    nameGap: 24,
  } as const;
}

/** An axis of numbers that names what they are. */
export function numberAxis(palette: Palette, name: string, log = false) {
  const look = axisLook(palette);
  return {
    ...look,
    name,
    scale: true,
    type: log ? ("log" as const) : ("value" as const),
    axisLabel: { ...look.axisLabel, formatter: tick },
  };
}

/** Three digits are enough at an axis. */
export const tick = (value: number): string => number(Number(value.toPrecision(3)));

export function timeAxis(palette: Palette) {
  return { ...axisLook(palette), type: "time" as const, splitLine: { show: false } };
}

/** Colours from worst to best, or from first to last: the further, the stronger. */
export function ramp(palette: Palette, count = SHADES): string[] {
  return Array.from({ length: count }, (_, at) =>
    mixed(palette.surface, palette.accent, 0.22 + (0.78 * at) / Math.max(1, count - 1)),
  );
}

/** Two colours as #rrggbb or #rgb, mixed. */
export function mixed(one: string, other: string, share: number): string {
  const [from, to] = [channels(one), channels(other)];
  const parts = from.map((value, at) =>
    Math.round(value + ((to[at] ?? value) - value) * share)
      .toString(16)
      .padStart(2, "0"),
  );
  return `#${parts.join("")}`;
}

/** The style sheet is built with the shortest form of a colour. */
function channels(colour: string): number[] {
  const digits = colour.length === 4 ? colour.slice(1).replaceAll(/./g, "$&$&") : colour.slice(1);
  return [0, 2, 4].map((at) => Number.parseInt(digits.slice(at, at + 2), 16));
}

/** Which of `count` shades a share of 0 ... 1 gets. */
export const shade = (share: number, count = SHADES): number =>
  Math.min(count - 1, Math.max(0, Math.floor(share * count)));

/** The number of the training that an element was drawn for; by agreement the last of its values. */
export function numberOf(data: unknown): number | undefined {
  const values =
    data !== null && typeof data === "object" && "value" in data ? (data as { value: unknown }).value : data;
  if (!Array.isArray(values)) return undefined;
  const last: unknown = values.at(-1);
  return typeof last === "number" && Number.isInteger(last) && last > 0 ? last : undefined;
}

/** The same of what a tooltip is asked for. */
export function askedFor(params: unknown): number | undefined {
  const one: unknown = Array.isArray(params) ? params[0] : params;
  return one !== null && typeof one === "object" && "data" in one ? numberOf(one.data) : undefined;
}
