import type { Value } from "../generated/tunewright/v1/spec_pb";
import { number } from "./numbers";

/** A hyperparameter's value as a number or a text. */
export function plain(value: Value | undefined): number | string | undefined {
  const kind = value?.kind;
  if (!kind || kind.case === undefined) return undefined;
  return typeof kind.value === "bigint" ? Number(kind.value) : (kind.value as number | string);
}

/** The same for people. */
export function shown(value: Value | undefined): string {
  const given = plain(value);
  return typeof given === "number" ? number(given) : (given ?? "");
}
