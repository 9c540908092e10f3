// A configuration that a person has typed, as the space has it.

import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Definition, Parameter, Value, ValueSchema } from "../../../generated/tunewright/v1/spec_pb";
import { exact } from "../../../words/values";
import { decimal, integer } from "./reading";

export type Configuration = Record<string, MessageInitShape<typeof ValueSchema>>;

/** Throws Wrong: a value is missing, or not of its range's kind. Whether it lies inside is the server's to say. */
export function configuration(
  definition: Definition,
  typed: Readonly<Record<string, string>>,
): Configuration {
  return Object.fromEntries(
    definition.parameters.map((parameter) => [parameter.name, value(parameter, typed[parameter.name] ?? "")]),
  );
}

function value({ name, range }: Parameter, text: string): MessageInitShape<typeof ValueSchema> {
  switch (range.case) {
    case "intRange":
      return { kind: { case: "intValue", value: integer(text, name) } };
    case "floatRange":
      return { kind: { case: "floatValue", value: decimal(text, name) } };
    default:
      return { kind: { case: "textValue", value: text } };
  }
}

/** What the form begins with: a known configuration, or else what is first or lowest. */
export function suggested(definition: Definition, known: Record<string, Value> | undefined) {
  return Object.fromEntries(
    definition.parameters.map(({ name, range, hint }) => {
      const from = exact(known?.[name]) ?? exact(hint);
      if (from !== undefined) return [name, from];
      if (range.case === "choiceRange") return [name, range.value.values[0] ?? ""];
      return [name, range.case === undefined ? "" : String(range.value.low)];
    }),
  );
}
