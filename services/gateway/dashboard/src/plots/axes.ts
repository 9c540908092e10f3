// Hyperparameters as axes: which numbers are there, on which scale, and which texts.

import { type Parameter, ScalingType, type TuningJobSpec } from "../generated/tunewright/v1/spec_pb";
import type { Trial } from "../trainings/trials";
import { axisLook, tick } from "./look";
import type { Palette } from "./plot";

export interface Axis {
  name: string;
  kind: "linear" | "log" | "category";
  /** Of numbers: the lowest and the highest that there is. */
  low: number;
  high: number;
  /** All numbers are whole. */
  whole: boolean;
  /** Of texts: all of them, as the definition orders them. */
  categories: readonly string[];
  /** Why it is not as it was asked for, in a sentence. */
  note?: string;
}

const AUTO_IS_LOG_FROM = 100; // spec.proto, SCALING_TYPE_AUTO

/** The axes of all hyperparameters that these trainings have, in the order of the definitions. */
export function axesOf(trials: readonly Trial[], spec: TuningJobSpec | undefined): Axis[] {
  const declared = new Map<string, Parameter[]>();
  for (const { parameters } of spec?.definitions ?? [])
    for (const parameter of parameters)
      declared.set(parameter.name, [...(declared.get(parameter.name) ?? []), parameter]);
  const values = new Map<string, Set<number | string>>([...declared.keys()].map((name) => [name, new Set()]));
  for (const { parameters } of trials)
    for (const name in parameters) {
      const value = parameters[name];
      const seen = values.get(name) ?? new Set();
      if (value !== undefined) values.set(name, seen.add(value));
    }
  return [...values]
    .filter(([, seen]) => seen.size > 0)
    .map(([name, seen]) => axisOf(name, seen, declared.get(name) ?? []));
}

function axisOf(name: string, seen: ReadonlySet<number | string>, declared: readonly Parameter[]): Axis {
  const texts = [...seen].filter((value) => typeof value === "string");
  if (texts.length > 0) {
    const listed = declared.flatMap(({ range }) =>
      range.case === "choiceRange" ? range.value.values.filter((value) => seen.has(value)) : [],
    );
    const categories = [...new Set([...listed, ...[...seen].map(String)])];
    return { name, kind: "category", low: 0, high: categories.length - 1, whole: false, categories };
  }
  let [low, high, whole] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, true];
  for (const value of seen) {
    whole &&= Number.isInteger(value);
    low = Math.min(low, Number(value));
    high = Math.max(high, Number(value));
  }
  const log = low > 0 && declared.length > 0 && declared.every(isLogarithmic);
  return { name, kind: log ? "log" : "linear", low, high, whole, categories: [] };
}

function isLogarithmic({ range }: Parameter): boolean {
  if (range.case !== "floatRange" && range.case !== "intRange") return false;
  const { scaling } = range.value;
  const [low, high] = [Number(range.value.low), Number(range.value.high)];
  if (scaling === ScalingType.LOGARITHMIC) return true;
  return scaling === ScalingType.AUTO && low > 0 && high / low >= AUTO_IS_LOG_FROM;
}

/** The axis of the objective; a logarithmic one only where all values allow it. */
export function objectiveAxis(name: string, values: readonly number[], log: boolean): Axis {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const axis = { name, low, high, whole: false, categories: [] };
  if (!log || low > 0) return { ...axis, kind: log ? "log" : "linear" };
  return { ...axis, kind: "linear", note: "Not all values are above zero: the axis stays linear." };
}

/** Whether there is more than one value. */
export const varies = ({ low, high }: Axis): boolean => low < high;

/** Where a value stands on its axis, in the axis' own numbers; NaN: nowhere. */
export function along(axis: Axis, value: number | string | undefined): number {
  if (value === undefined) return Number.NaN;
  if (axis.kind === "category") return axis.categories.indexOf(String(value));
  return typeof value === "number" ? value : Number.NaN;
}

/** The same as a share of the axis' length. */
export function shareAlong(axis: Axis, value: number | string | undefined): number {
  const place = along(axis, value);
  if (axis.kind === "category") return (place + 0.5) / axis.categories.length;
  if (axis.low === axis.high) return 0.5;
  if (axis.kind === "log") return Math.log(place / axis.low) / Math.log(axis.high / axis.low);
  return (place - axis.low) / (axis.high - axis.low);
}

/** The other way: the place, in the axis' own numbers, of a share of its length. */
export function placeAt(axis: Axis, share: number): number {
  if (axis.kind === "category") return share * axis.categories.length - 0.5;
  if (axis.kind === "log") return axis.low * (axis.high / axis.low) ** share;
  return axis.low + (axis.high - axis.low) * share;
}

/** As the charting library wants it. */
export function drawnAxis(axis: Axis, palette: Palette) {
  const look = axisLook(palette);
  if (axis.kind === "category")
    return { ...look, name: axis.name, type: "category" as const, data: [...axis.categories] };
  const room = axis.low === axis.high ? Math.abs(axis.low) * 0.1 || 1 : 0;
  return {
    ...look,
    name: axis.name,
    type: axis.kind === "log" ? ("log" as const) : ("value" as const),
    min: axis.kind === "log" && room > 0 ? axis.low / 2 : axis.low - room,
    max: axis.high + room,
    axisLabel: { ...look.axisLabel, formatter: tick },
    ...(axis.whole && axis.kind === "linear" && { minInterval: 1 }),
  };
}
