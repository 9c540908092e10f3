import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { Direction, ScalingType, Strategy, TuningJobSpecSchema } from "../../generated/tunewright/v1/spec_pb";
import { duration, fieldsOf, NOTHING, regexByName, values, withUnread } from "./fields";
import { key, numeric, scalar } from "./scalars";
import { membersOf, unsayable } from "./written";

const spec = create(TuningJobSpecSchema, {
  name: "made-1",
  objective: { metricName: "acc", direction: Direction.MAXIMIZE },
  strategy: Strategy.HYPERBAND,
  hyperband: { maxResource: 27 },
  limits: { maxTrainings: 30, maxParallel: 2, maxRuntimeS: 7200n },
  definitions: [
    {
      image: "file:///srv/train.py",
      environment: { TUNEWRIGHT_PYTHON: "python3", TUNEWRIGHT_WORKDIR: "/srv", OMP: "1" },
      staticHyperparameters: { data: "iris", rate: "0.10" },
      metricDefinitions: [
        { name: "acc", regex: regexByName("acc") },
        { name: "f1", regex: "F1 is (.*)'s" },
        { name: "loss", regex: "" },
      ],
      parameters: [
        { name: "lr", range: { case: "floatRange", value: { low: 0, high: 1, scaling: ScalingType.AUTO } } },
        {
          name: "n",
          range: { case: "intRange", value: { low: 1n, high: 9n, scaling: ScalingType.LOGARITHMIC } },
        },
        { name: "act", range: { case: "choiceRange", value: { values: ["relu", "a,b", "64"] } } },
      ],
    },
  ],
});

test("a specification becomes fields, and these the members of a job file", () => {
  const fields = fieldsOf(spec, false);
  expect(fields).toMatchObject({
    name: "",
    program: "script",
    script: "/srv/train.py",
    python: "python3",
    metric: "acc",
    environment: [{ name: "OMP", value: "1" }],
    maxRuntime: "2h",
  });
  const members = Object.fromEntries(membersOf(fields));
  expect(members).toMatchObject({
    script: "/srv/train.py",
    maximize: "acc",
    metrics: [
      ["f1", "'F1 is (.*)''s'"],
      ["loss", "null"],
    ],
    params: [
      ["lr", "0.0..1.0"],
      ["n", "log(1, 9)"],
      ["act", "[relu, 'a,b', 64]"],
    ],
    fixed: [
      ["data", "iris"],
      ["rate", "'0.10'"],
    ],
    hyperband: [["max_resource", "27"]],
    max_runtime: "2h",
    trials: "30",
  });
  expect(members.minimize).toBeUndefined();
});

test("metrics that are found by name are only named", () => {
  const metrics = [{ name: "f1", found: "name", regex: "" }] as const;
  expect(Object.fromEntries(membersOf({ ...NOTHING, metric: "acc", metrics })).metrics).toBe("[f1]");
});

test("a row in which nothing stands is not written, a half one is", () => {
  const row = { name: "", kind: "float", low: "", high: "", scale: "auto", values: "" } as const;
  expect(Object.fromEntries(membersOf({ ...NOTHING, params: [row] })).params).toBeUndefined();
  expect(
    Object.fromEntries(membersOf({ ...NOTHING, params: [{ ...row, name: "lr", low: "1" }] })).params,
  ).toEqual([["lr", "'1.0..'"]]);
});

test("an integer's range with a real end is told: it would be one of real numbers", () => {
  const row = { name: "n", kind: "int", low: "1.5", high: "3", scale: "auto", values: "" } as const;
  expect(unsayable({ ...NOTHING, params: [row] })).toMatchObject([{ member: "params.n" }]);
  expect(unsayable({ ...NOTHING, params: [{ ...row, low: "1" }] })).toEqual([]);
});

test.each([
  ["relu", "relu"],
  ["64", "64"],
  ["0.5", "0.5"],
  ["0.50", "'0.50'"],
  ["007", "'007'"],
  ["yes", "'yes'"],
  ["a: b", "'a: b'"],
  ["it's", "'it''s'"],
  ["1\n2", '"1\\n2"'],
  ["", "''"],
  ["1:30", "'1:30'"],
  ["s3://b/p", "s3://b/p"],
])("the text %j is written %s", (text, written) => expect(scalar(text)).toBe(written));

test("names and numbers", () => {
  expect([key("lr"), key("1"), key("a b"), numeric("1e-4"), numeric("ten")]).toEqual([
    "lr",
    "'1'",
    "'a b'",
    "1e-4",
    "ten",
  ]);
});

test.each([
  ["32, 64,128", ["32", "64", "128"]],
  ['relu, "a,b", "say ""hi"""', ["relu", "a,b", 'say "hi"']],
  ["32, ", ["32"]],
  ["", []],
  ['"", x', ["", "x"]],
])("the values of %j", (list, found) => expect(values(list)).toEqual(found));

test.each([
  [90n, "90s"],
  [120n, "2m"],
  [172_800n, "2d"],
  [0n, "0s"],
])("%d seconds are %s", (seconds, text) => expect(duration(seconds)).toBe(text));

test("a range that cannot be read has a row to mend it in, one that is only wrong keeps its own", () => {
  const fields = fieldsOf(spec, true);
  const faults = [
    { member: "params.lr" },
    { member: "params.x" },
    { member: "trials" },
    { member: "params" },
  ];
  expect(withUnread(fields, faults).params.map(({ name }) => name)).toEqual(["lr", "n", "act", "x"]);
});
