import { expect, test } from "vitest";
import { byReason } from "./failing";

const failed = (number: number, reason: string) => ({ number, name: `job-${number}`, reason });

test("what failed alike is one group, shown by the last of it, the largest first", () => {
  expect(
    byReason([
      failed(1, "ValueError: x = 0.31"),
      failed(2, "exit code 2"),
      failed(3, "exit code 137"),
      failed(5, "ValueError: x = 0.7"),
      failed(4, "ValueError: x = 3"),
    ]),
  ).toEqual([
    { reason: "ValueError: x = 0.7", count: 3, example: "job-5" },
    { reason: "exit code 137", count: 1, example: "job-3" },
    { reason: "exit code 2", count: 1, example: "job-2" },
  ]);
});

test("a failure without a reason is not left out", () => {
  expect(byReason([failed(1, "")])).toMatchObject([{ reason: "no reason is known", count: 1 }]);
});

test("two runs of one program fail alike, wherever they lie", () => {
  expect(
    byReason([failed(1, "cannot open '/data/3/a.csv'"), failed(2, "cannot open '/data/4/b.csv'")]),
  ).toHaveLength(1);
});
