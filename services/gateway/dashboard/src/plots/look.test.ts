import { expect, test } from "vitest";
import { mixed, ramp } from "./look";
import { PALETTE } from "./made";

test("colours are mixed, also where the style sheet has their short form", () => {
  expect([mixed("#ffffff", "#000000", 0.5), mixed("#fff", "#000", 1)]).toEqual(["#808080", "#000000"]);
  expect(ramp({ ...PALETTE, surface: "#fff", accent: "#00f" }, 2)).toEqual(["#c7c7ff", "#0000ff"]);
});
