import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { inTurn } from "./turns";

const frames: (() => void)[] = [];
beforeEach(() => {
  vi.stubGlobal("requestAnimationFrame", (paint: () => void) => frames.push(paint));
});
afterEach(() => vi.unstubAllGlobals());

/** Lets the browser paint once, and what waits for it go on. */
async function paint(): Promise<void> {
  await settled();
  frames.shift()?.();
  await settled();
}
const settled = () => new Promise((resolve) => setTimeout(resolve));

test("one plot is drawn in a frame, and none that is not wanted any more", async () => {
  const drawn: string[] = [];
  inTurn(() => drawn.push("history"));
  const leave = inTurn(() => drawn.push("left"));
  inTurn(() => drawn.push("slices"));
  await settled();
  expect(drawn).toEqual(["history"]);
  leave();
  await paint();
  expect(drawn).toEqual(["history", "slices"]);
  await paint();
});

test("a plot that cannot be drawn is told of and keeps none from its turn", async () => {
  const told = vi.fn();
  vi.stubGlobal("reportError", told);
  const drawn: string[] = [];
  inTurn(() => {
    throw new Error("no canvas");
  });
  inTurn(() => drawn.push("next"));
  await paint();
  expect([told.mock.calls.length, drawn]).toEqual([1, ["next"]]);
  await paint();
});
