import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { Direction, ObjectiveSchema, TuningJobSpecSchema } from "../../generated/tunewright/v1/spec_pb";
import { objectiveText } from "../../words/specs";
import { grouped, partsOf } from "./groups";

const objective = (metricName: string, direction = Direction.MINIMIZE) =>
  create(ObjectiveSchema, { metricName, direction });
const [loss, accuracy] = [objective("loss"), objective("accuracy", Direction.MAXIMIZE)];

test("only values of one metric and one direction stand together", () => {
  const jobs = [
    { name: "a", objective: loss },
    { name: "b", objective: accuracy },
    { name: "c", objective: objective("loss") },
    { name: "d", objective: objective("loss", Direction.MAXIMIZE) },
  ];
  expect(
    grouped(jobs).map(({ objective, of }) => [objectiveText(objective), of.map(({ name }) => name)]),
  ).toEqual([
    ["minimize loss", ["a", "c"]],
    ["maximize accuracy", ["b"]],
    ["maximize loss", ["d"]],
  ]);
});

test("definitions are told apart where their objectives differ", () => {
  const told = (other: typeof loss) => {
    const definitions = [{ name: "x" }, { name: "y", objective: other }];
    const spec = create(TuningJobSpecSchema, { objective: loss, definitions });
    return partsOf(spec).map((part) => [part.definition, objectiveText(part.objective)]);
  };
  expect(told(objective("loss"))).toEqual([["", "minimize loss"]]);
  expect(told(accuracy)).toEqual([
    ["x", "minimize loss"],
    ["y", "maximize accuracy"],
  ]);
});
