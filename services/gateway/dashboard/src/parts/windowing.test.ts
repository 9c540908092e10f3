import { expect, test } from "vitest";
import { AROUND, windowed } from "./windowing";

test("few rows of many are drawn, and all together stay as high", () => {
  const { from, to, above, below } = windowed(10_000, 30, 150_000, 600);
  expect([from, to]).toEqual([5000 - AROUND, 5000 + 20 + AROUND]);
  expect(above + (to - from) * 30 + below).toBe(300_000);
});

test("at the top and at the end there is nothing beyond", () => {
  expect(windowed(10_000, 30, 0, 600)).toMatchObject({ from: 0, above: 0 });
  expect(windowed(10_000, 30, 300_000 - 600, 600)).toMatchObject({ to: 10_000, below: 0 });
});

test("a table that has become shorter than it is scrolled shows its end", () => {
  expect(windowed(5, 30, 150_000, 600)).toEqual({ from: 0, to: 5, above: 0, below: 0 });
  expect(windowed(0, 30, 90, 600)).toEqual({ from: 0, to: 0, above: 0, below: 0 });
});
