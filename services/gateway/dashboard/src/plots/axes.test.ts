import { expect, test } from "vitest";
import { along, axesOf, objectiveAxis, placeAt, shareAlong, varies } from "./axes";
import { spec, trial, trials } from "./made";

const axis = (name: string, count = 10) => {
  const found = axesOf(trials(count), spec()).find((one) => one.name === name);
  if (!found) throw new Error(name);
  return found;
};

test("a range that is searched on a logarithmic scale is shown on one", () => {
  expect(axis("lr")).toMatchObject({ kind: "log", low: expect.closeTo(1e-4), high: 1 });
  expect(shareAlong(axis("lr"), 0.01)).toBeCloseTo(0.5);
  expect(placeAt(axis("lr"), 0.5)).toBeCloseTo(0.01);
});

test("texts stand in the order of the definition, those that are used", () => {
  expect(axis("kind").categories).toEqual(["sgd", "adam"]);
  expect([along(axis("kind"), "adam"), shareAlong(axis("kind"), "sgd")]).toEqual([1, 0.25]);
});

test("what is the same in all trainings does not vary", () => {
  const names = axesOf(trials(10), spec())
    .filter(varies)
    .map(({ name }) => name);
  expect(names).toEqual(["kind", "lr"]);
});

test("a name with numbers here and texts there is an axis of texts", () => {
  const mixed = [trial(1, { parameters: { size: 3 } }), trial(2, { parameters: { size: "auto" } })];
  expect(axesOf(mixed, undefined)[0]).toMatchObject({ kind: "category", categories: ["3", "auto"] });
});

test("an objective at zero has no logarithmic axis", () => {
  const axes = [objectiveAxis("loss", [1, 2], true), objectiveAxis("loss", [0, 2], true)];
  expect(axes.map(({ kind }) => kind)).toEqual(["log", "linear"]);
  expect(axes.map(({ note }) => note)).toEqual([undefined, expect.stringContaining("stays linear")]);
  expect(objectiveAxis("loss", [0, 2], false).note).toBeUndefined();
});
