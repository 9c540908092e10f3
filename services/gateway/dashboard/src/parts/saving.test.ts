import { expect, test } from "vitest";
import { csv } from "./saving";

test("a text with commas, quotes and line ends stays one field", () => {
  expect(csv({ columns: ["a", "b"], rows: [['x,"y"\nz', 1.5]] })).toBe('a,b\r\n"x,""y""\nz",1.5\r\n');
});

test("a text that would be a formula is none, and what is missing is empty", () => {
  expect(
    csv({
      columns: ["a", "b"],
      rows: [
        ["=1+1", undefined],
        ["-x", -1],
      ],
    }),
  ).toBe("a,b\r\n'=1+1,\r\n'-x,-1\r\n");
});
