import { expect, test } from "vitest";
import type { Palette } from "../../plots/plot";
import { isDrawn } from "../../plots/plot";
import { lines } from "./plots";

const WORDS = { x: "trainings", y: "best", stepped: true, empty: "nothing yet" };

test("each that has points is a line, and a row of the table", () => {
  const plot = lines(
    [
      {
        name: "a",
        points: [
          [1, 0.5],
          [4, 0.7],
        ],
      },
      { name: "b", points: [], why: "no training has ended" },
    ],
    {} as Palette,
    WORDS,
  );
  if (!isDrawn(plot)) throw new Error(plot.empty);
  expect(plot.table().rows).toEqual([
    ["a", 1, 0.5],
    ["a", 4, 0.7],
  ]);
  expect(plot.note).toBe("Not drawn: b: no training has ended.");
  expect(plot.says).toBe("best by trainings; at the end: a 0.7");
});

test("where there is nothing to draw it says why", () => {
  expect(lines([{ name: "b", points: [] }], {} as Palette, WORDS)).toEqual({ empty: "nothing yet" });
  const refused = lines([{ name: "b", points: [], why: "no training has ended" }], {} as Palette, WORDS);
  expect(refused).toEqual({ empty: "nothing yet Not drawn: b: no training has ended." });
});
