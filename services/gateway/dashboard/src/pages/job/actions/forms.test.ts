import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import {
  DefinitionSchema,
  ScalingType,
  Strategy,
  TuningJobSpecSchema,
  ValueSchema,
} from "../../../generated/tunewright/v1/spec_pb";
import { JobState, TuningJobSchema } from "../../../generated/tunewright/v1/tuning_service_pb";
import { amendment, changesBetween, type Edits, leftOut, NO_EDITS, type Typed } from "./amending";
import { configuration, suggested } from "./enqueuing";
import { offered } from "./offered";
import { durationText, seconds } from "./reading";

const DEFINITION = create(DefinitionSchema, {
  parameters: [
    {
      name: "lr",
      range: { case: "floatRange", value: { low: 0.001, high: 1, scaling: ScalingType.LOGARITHMIC } },
    },
    { name: "layers", range: { case: "intRange", value: { low: 1n, high: 4n } } },
    { name: "kind", range: { case: "choiceRange", value: { values: ["adam", "sgd"] } } },
  ],
});
const spec = (given: MessageInitShape<typeof TuningJobSpecSchema>) =>
  create(TuningJobSpecSchema, { definitions: [DEFINITION], ...given });
const ranged = (typed: Typed) => ({ ...NO_EDITS, ranges: { [DEFINITION.name]: typed } });
const SPEC = spec({ limits: { maxTrainings: 20, maxParallel: 2, maxRuntimeS: 3600n } });

test("only what has changed is asked for", () => {
  const edits = {
    limits: { max_trainings: "50", max_parallel: "2", max_runtime_s: "2h" },
    ranges: { "": { "low of lr": "1e-4" } },
  };
  expect(amendment(SPEC, DEFINITION, edits)).toEqual({
    maxTrainings: 50,
    maxRuntimeS: 7200n,
    definitionName: "",
    parameters: [
      {
        name: "lr",
        lowText: "1e-4",
        highText: "1",
        range: { case: "floatRange", value: { low: 1e-4, high: 1, scaling: ScalingType.AUTO } },
      },
    ],
  });
});

test("more values of a choice stand behind those that it has", () => {
  expect(amendment(SPEC, DEFINITION, ranged({ "more of kind": "adam, lion ,," })).parameters).toMatchObject([
    { name: "kind", range: { value: { values: ["adam", "sgd", "lion"] } } },
  ]);
});

test.each([
  [NO_EDITS, "nothing is changed"],
  [{ ...NO_EDITS, limits: { max_trainings: "many" } }, "Trainings in all"],
  [{ ...NO_EDITS, limits: { max_runtime_s: "1 week" } }, "90s, 5m, 2h or 1d"],
  [ranged({ "high of layers": "4.5" }), "high of layers"],
  [ranged({ "high of layers": String(2n ** 63n) }), "2^63 - 1"],
])("%j is refused before it is sent, saying %j", (edits: Edits, said) => {
  expect(() => amendment(SPEC, DEFINITION, edits)).toThrow(said);
});

test("of two definitions with a range of the same name only the one that was chosen becomes wider", () => {
  const [a, b] = ["a", "b"].map((name) => create(DefinitionSchema, { ...DEFINITION, name }));
  if (!a || !b) throw new Error("there are two");
  const edits = { ...NO_EDITS, ranges: { a: { "high of lr": "9" } } };
  const wanted = { definitionName: "a", parameters: [{ name: "lr", range: { value: { high: 9 } } }] };
  expect(amendment(SPEC, a, edits)).toMatchObject(wanted);
  expect(() => amendment(SPEC, b, edits)).toThrow("nothing is changed");
  expect(leftOut(edits, "a")).toEqual([]);
  expect(leftOut(edits, "b")).toEqual(["a"]);
});

const LARGE = create(DefinitionSchema, {
  parameters: [{ name: "tokens", range: { case: "intRange", value: { low: 2n, high: 2n ** 60n + 1n } } }],
});

test("a large integer keeps its last digit where it is widened and enqueued", () => {
  const edits = { ...NO_EDITS, ranges: { "": { "low of tokens": "1" } } };
  expect(amendment(SPEC, LARGE, edits).parameters).toMatchObject([
    { range: { value: { low: 1n, high: 2n ** 60n + 1n } } },
  ]);
  const typed = suggested(LARGE, {
    tokens: create(ValueSchema, { kind: { case: "intValue", value: 2n ** 60n + 1n } }),
  });
  expect(configuration(LARGE, typed)).toEqual({
    tokens: { kind: { case: "intValue", value: 2n ** 60n + 1n } },
  });
});

test("durations are read as on the command line", () => {
  expect(["90", "90s", "5m", "2h", "1d"].map((text) => seconds(text, ""))).toEqual([
    90, 90, 300, 7200, 86_400,
  ]);
});

test.each(["90s", "5m", "2h", "1d"])("%s is written as it was read", (text) => {
  expect(durationText(seconds(text, ""))).toBe(text);
});

test("what somebody else has changed is told", () => {
  const after = spec({ limits: { maxTrainings: 30, maxParallel: 2 }, enqueued: [{}] });
  expect(changesBetween(SPEC, after)).toEqual([
    "Trainings in all: was 20, is 30",
    "Time limit: was 1h, is none",
    "Enqueued configurations: 1 more",
  ]);
});

test("a configuration that is typed becomes one of the space's kinds", () => {
  expect(configuration(DEFINITION, { lr: "1e-2", layers: "3", kind: "sgd" })).toEqual({
    lr: { kind: { case: "floatValue", value: 0.01 } },
    layers: { kind: { case: "intValue", value: 3n } },
    kind: { kind: { case: "textValue", value: "sgd" } },
  });
  expect(() => configuration(DEFINITION, { lr: "", layers: "3", kind: "sgd" })).toThrow("lr");
  expect(suggested(DEFINITION, undefined)).toEqual({ lr: "0.001", layers: "1", kind: "adam" });
});

const job = (given: MessageInitShape<typeof TuningJobSchema>) => offered(create(TuningJobSchema, given));

test("only what the state allows is offered", () => {
  const trainings = { nonRetryableError: 1 };
  expect(job({ state: JobState.RUNNING, trainings })).toEqual([
    "pause",
    "amend",
    "enqueue",
    "retry",
    "clone",
    "stop",
  ]);
  expect(job({ state: JobState.STOPPING, trainings })).toEqual(["clone"]);
  expect(job({ state: JobState.PAUSED })).toEqual(["resume", "amend", "enqueue", "clone", "stop"]);
  expect(job({ state: JobState.COMPLETED })).toEqual(["extend", "narrow", "clone", "delete"]);
  expect(job({ state: JobState.FAILED, spec: { strategy: Strategy.GRID } })).toEqual(["clone", "delete"]);
});
