import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { FoundLineSchema } from "../../generated/tunewright/v1/metrics_service_pb";
import { searched } from "./searching";

const LINE = create(FoundLineSchema, { number: 3 });

test("empty pages are passed over until something is found", async () => {
  const asked: string[] = [];
  const found = await searched(async (token) => {
    asked.push(token);
    return token === "2"
      ? { lines: [LINE], nextPageToken: "3" }
      : { lines: [], nextPageToken: `${asked.length}` };
  }, "");
  expect(found).toEqual({ lines: [LINE], next: "3" });
  expect(asked).toEqual(["", "1", "2"]);
});

test("the end is told, and so is a search that has not found anything for long", async () => {
  expect(await searched(async () => ({ lines: [], nextPageToken: "" }), "")).toEqual({
    lines: [],
    next: undefined,
  });
  expect(await searched(async () => ({ lines: [], nextPageToken: "on" }), "")).toEqual({
    lines: [],
    next: "on",
  });
});
