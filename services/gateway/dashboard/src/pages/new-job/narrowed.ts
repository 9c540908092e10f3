// One narrowed range in the form: applied, or as it was.

import type { Narrowed } from "../../generated/tunewright/v1/metrics_service_pb";
import type { Parameter } from "../../generated/tunewright/v1/spec_pb";
import { type Fields, parameterFields } from "./fields";
import { rangeOf } from "./written";

/** The value of a range of one; undefined: it has several. */
export function onlyValue({ range }: Parameter): string | undefined {
  switch (range.case) {
    case "choiceRange":
      return range.value.values.length === 1 ? range.value.values[0] : undefined;
    case "intRange":
    case "floatRange":
      return range.value.low === range.value.high ? String(range.value.low) : undefined;
    default:
      return undefined;
  }
}

export const rangeText = (parameter: Parameter): string => rangeOf(parameterFields(parameter));

/** Whether the form says of a hyperparameter what was proposed. */
export function isApplied({ params, fixed }: Fields, { parameter }: Narrowed): boolean {
  if (!parameter) return false;
  const value = onlyValue(parameter);
  const tuned = params.find(({ name }) => name === parameter.name);
  if (tuned) return rangeOf(tuned) === rangeText(parameter);
  return value !== undefined && fixed.some((pair) => pair.name === parameter.name && pair.value === value);
}

/** Say of a hyperparameter what was proposed, or again what the parent said. */
export function withRange(fields: Fields, parameter: Parameter): Partial<Fields> {
  const { name } = parameter;
  const value = onlyValue(parameter);
  const fixed = fields.fixed.filter((pair) => pair.name !== name);
  const others = fields.params.filter((row) => row.name !== name);
  if (value !== undefined && others.length > 0) return { params: others, fixed: [...fixed, { name, value }] };
  const row = parameterFields(parameter);
  const there = others.length < fields.params.length;
  return {
    fixed,
    params: there ? fields.params.map((was) => (was.name === name ? row : was)) : [...others, row],
  };
}
