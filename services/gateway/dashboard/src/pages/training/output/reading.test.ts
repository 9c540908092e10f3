import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { OutputLineSchema } from "../../../generated/tunewright/v1/metrics_service_pb";
import { readBack, readOn } from "./reading";

const line = create(OutputLineSchema, { text: "found" });
/** Output of five pages, of which only one has a line that is wanted. */
const pages = (at: number) => async (token: string) => {
  const page = token === "" ? 0 : Number(token);
  return {
    lines: page === at ? [line] : [],
    nextPageToken: page < 4 ? String(page + 1) : "",
    previousPageToken: page > 0 ? String(page - 1) : "",
  };
};

test("empty pages are gone over until there is a line", async () => {
  expect(await readOn(pages(2), "")).toEqual({ lines: [line], before: "", after: "3" });
  expect(await readBack(pages(2), "4")).toEqual({ lines: [line], before: "1", after: undefined });
});

test("at the end there is nothing more", async () => {
  expect(await readOn(pages(9), "1")).toEqual({ lines: [], before: "1", after: undefined });
  expect(await readBack(pages(9), "3")).toEqual({ lines: [], before: "", after: undefined });
});
