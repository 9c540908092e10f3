import { expect, test } from "vitest";
import { number, several } from "./numbers";
import { ago, duration } from "./times";

test.each([
  [0.1 + 0.2, "0.3"],
  [1234567.891, "1234570"],
  [0.00001234, "1.234e-5"],
  [3e9, "3e9"],
  [-0.5, "-0.5"],
  [Number.NaN, "nan"],
  [Number.NEGATIVE_INFINITY, "-∞"],
  [0, "0"],
])("number(%d) is %s", (value, text) => expect(number(value)).toBe(text));

test("one training, three trainings", () => {
  expect([several(1, "training"), several(3, "training"), several(10_000, "line")]).toEqual([
    "1 training",
    "3 trainings",
    "10,000 lines",
  ]);
});

test.each([
  [850, "850 ms"],
  [9_940, "9.9 s"],
  [42_000, "42 s"],
  [245_000, "4 m 05 s"],
  [12_000_000, "3 h 20 m"],
  [187_200_000, "2 d 4 h"],
])("duration(%d) is %s", (ms, text) => expect(duration(ms)).toBe(text));

test("moments are said by how far they are", () => {
  const now = Date.now();
  expect([ago(now - 2_000, now), ago(now - 300_000, now), ago(now - 7_200_000, now)]).toEqual([
    "just now",
    "5 m ago",
    "2 h ago",
  ]);
});
