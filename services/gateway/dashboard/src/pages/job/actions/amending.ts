// What a person has changed in the form of an amendment, and what is asked of the server for it.

import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  type Definition,
  type Parameter,
  type ParameterSchema,
  ScalingType,
  type TuningJobSpec,
} from "../../../generated/tunewright/v1/spec_pb";
import type { AmendTuningJobRequestSchema } from "../../../generated/tunewright/v1/tuning_service_pb";
import { Wrong } from "../../../parts/wrong";
import { decimal, durationText, integer, seconds, wholeNumber } from "./reading";

/** What was typed, by field. */
export type Typed = Readonly<Record<string, string>>;

/** Only what was typed; all else is as the job has it. Two definitions may each have a range of the same name. */
export interface Edits {
  limits: Typed;
  /** By definition. */
  ranges: Readonly<Record<string, Typed>>;
}

export const NO_EDITS: Edits = { limits: {}, ranges: {} };

/** The definitions whose ranges were typed in and are not sent with those of this one: a request is of one. */
export function leftOut({ ranges }: Edits, definition: string): string[] {
  return Object.keys(ranges).filter((name) => name !== definition);
}

export const LIMITS = {
  max_trainings: "Trainings in all",
  max_parallel: "Trainings at once",
  max_runtime_s: "Time limit",
  max_cost: "Cost limit",
  priority: "Priority",
} as const;
export type LimitField = keyof typeof LIMITS;

/** As the job has it, in the form's words; empty: there is none. */
export function limitText(spec: TuningJobSpec | undefined, field: LimitField): string {
  const limits = spec?.limits;
  const value = {
    max_trainings: limits?.maxTrainings,
    max_parallel: limits?.maxParallel ?? 1,
    max_runtime_s: limits?.maxRuntimeS,
    max_cost: limits?.maxCost,
    priority: spec?.priority ?? 0,
  }[field];
  if (value === undefined) return "";
  return typeof value === "bigint" ? durationText(Number(value)) : String(value);
}

export const lowField = ({ name }: Parameter): string => `low of ${name}`;
export const highField = ({ name }: Parameter): string => `high of ${name}`;
export const moreField = ({ name }: Parameter): string => `more of ${name}`;

type Amendment = MessageInitShape<typeof AmendTuningJobRequestSchema>;

/** With the ranges of one definition. Throws Wrong: what was typed cannot be read, or nothing was changed. */
export function amendment(spec: TuningJobSpec, definition: Definition, edits: Edits): Amendment {
  const limit = <Value>(field: LimitField, read: (text: string, field: string) => Value) => {
    const text = edits.limits[field]?.trim();
    return text === undefined || text === limitText(spec, field) ? undefined : read(text, LIMITS[field]);
  };
  const wanted: Amendment = given({
    maxTrainings: limit("max_trainings", wholeNumber),
    maxParallel: limit("max_parallel", wholeNumber),
    maxRuntimeS: limit("max_runtime_s", (text, field) => BigInt(seconds(text, field))),
    maxCost: limit("max_cost", decimal),
    priority: limit("priority", wholeNumber),
  });
  const parameters = definition.parameters
    .map((parameter) => widened(parameter, edits.ranges[definition.name] ?? {}))
    .filter((item) => !!item);
  if (parameters.length > 0) Object.assign(wanted, { definitionName: definition.name, parameters });
  if (Object.keys(wanted).length === 0) throw new Wrong("amendment", "nothing is changed", "Change a value");
  return wanted;
}

type Given<Fields> = { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> };

/** Without what is undefined. */
function given<Fields extends object>(fields: Fields): Given<Fields> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as Given<Fields>;
}

function widened(parameter: Parameter, typed: Typed): MessageInitShape<typeof ParameterSchema> | undefined {
  const { name, range } = parameter;
  const scaling = ScalingType.AUTO; // keeps the one that it has
  if (range.case === "choiceRange") {
    const more = (typed[moreField(parameter)] ?? "").split(",").map((text) => text.trim());
    const added = more.filter((text) => text && !range.value.values.includes(text));
    if (added.length === 0) return undefined;
    return { name, range: { case: range.case, value: { values: [...range.value.values, ...added] } } };
  }
  if (range.case === undefined) return undefined;
  const [low, high] = [String(range.value.low), String(range.value.high)];
  const lowText = typed[lowField(parameter)]?.trim() ?? low;
  const highText = typed[highField(parameter)]?.trim() ?? high;
  if (lowText === low && highText === high) return undefined;
  const read = <Value>(how: (text: string, field: string) => Value) => ({
    low: how(lowText, lowField(parameter)),
    high: how(highText, highField(parameter)),
    scaling,
  });
  const ends = { name, lowText, highText };
  return range.case === "intRange"
    ? { ...ends, range: { case: range.case, value: read(integer) } }
    : { ...ends, range: { case: range.case, value: read(decimal) } };
}

/** What somebody else has changed between two revisions, in sentences. */
export function changesBetween(before: TuningJobSpec, after: TuningJobSpec): string[] {
  const limits = (Object.keys(LIMITS) as LimitField[])
    .filter((field) => limitText(before, field) !== limitText(after, field))
    .map((field) => `${LIMITS[field]}: was ${said(before, field)}, is ${said(after, field)}`);
  const more = after.enqueued.length - before.enqueued.length;
  return [
    ...limits,
    ...(more > 0 ? [`Enqueued configurations: ${more} more`] : []),
    ...(rangesOf(before) === rangesOf(after)
      ? []
      : ["Ranges are wider; the form shows them as they are now"]),
  ];
}

const said = (spec: TuningJobSpec, field: LimitField): string => limitText(spec, field) || "none";

function rangesOf({ definitions }: TuningJobSpec): string {
  return JSON.stringify(
    definitions.map(({ parameters }) => parameters.map(({ name, range }) => [name, range])),
    (_, value) => (typeof value === "bigint" ? String(value) : value),
  );
}
