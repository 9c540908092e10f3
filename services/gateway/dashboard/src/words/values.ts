import type { Value } from "../generated/tunewright/v1/spec_pb";
import { number } from "./numbers";

/** A hyperparameter's value as a number or a text, for plots: an integer beyond 2^53 is rounded. */
export function plain(value: Value | undefined): number | string | undefined {
  const kind = value?.kind;
  if (!kind || kind.case === undefined) return undefined;
  return typeof kind.value === "bigint" ? Number(kind.value) : (kind.value as number | string);
}

/** The same as it would be typed, with every digit. */
export function exact(value: Value | undefined): string | undefined {
  const kind = value?.kind;
  return kind?.case === undefined ? undefined : String(kind.value);
}

/** The same for people. */
export function shown(value: Value | undefined): string {
  const given = value?.kind.value;
  return typeof given === "number" ? number(given) : (exact(value) ?? "");
}
