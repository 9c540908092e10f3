import { expect, test } from "vitest";
import { chosen, MOST } from "./chosen";

test("each is taken once, and how many are too many is known", () => {
  expect(chosen("b,a,,b")).toEqual({ names: ["b", "a"], more: 0 });
  const many = Array.from({ length: MOST + 3 }, (_, at) => `job-${at}`);
  expect(chosen(many.join(","))).toEqual({ names: many.slice(0, MOST), more: 3 });
});
