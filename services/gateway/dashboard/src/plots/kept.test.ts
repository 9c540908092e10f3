import type { EChartsOption } from "echarts";
import { expect, test } from "vitest";
import { withState } from "./kept";

const OPTION: EChartsOption = {
  legend: { top: 0 },
  dataZoom: [{ type: "inside" }, { type: "slider", height: 14 }],
};

test("a part zoomed in on stays, though there is more at the end", () => {
  const zoom = { start: 20, end: 60, startValue: 1000, endValue: 3000 };
  expect(withState(OPTION, { dataZoom: [zoom, zoom] }).dataZoom).toEqual([
    { type: "inside", startValue: 1000, endValue: 3000 },
    { type: "slider", height: 14, startValue: 1000, endValue: 3000 },
  ]);
});

test("who looks at the end goes on looking at the end", () => {
  const zoom = { start: 50, end: 100, startValue: 1000, endValue: 3000 };
  expect(withState(OPTION, { dataZoom: [zoom, zoom] }).dataZoom).toMatchObject([
    { startValue: 1000, end: 100 },
    { startValue: 1000, end: 100 },
  ]);
});

test("what the legend hides stays hidden", () => {
  const selected = { Failed: false };
  expect(withState(OPTION, { legend: [{ selected }] }).legend).toEqual({ top: 0, selected });
  expect(withState({}, { legend: [{ selected }], dataZoom: [{ start: 5 }] })).toEqual({});
});
