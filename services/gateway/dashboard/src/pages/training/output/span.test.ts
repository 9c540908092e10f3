import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { OutputLineSchema } from "../../../generated/tunewright/v1/metrics_service_pb";
import {
  appended,
  beforeOf,
  chunkOf,
  countOf,
  EMPTY,
  MOST_CHARACTERS,
  MOST_LINES,
  prepended,
  type Span,
} from "./span";

const lines = (count: number, text = "x") =>
  Array.from({ length: count }, () => create(OutputLineSchema, { text }));
const half = (before: string) => chunkOf(lines(MOST_LINES / 2), before);
const full = (): Span => appended(appended(EMPTY, half("a"), undefined), half("b"), undefined);

test("what is held is bounded: what comes behind it lets the beginning go, which can be read again", () => {
  const span = appended(full(), half("c"), "d");
  expect(countOf(span)).toBe(MOST_LINES);
  expect([beforeOf(span), span.after]).toEqual(["b", "d"]);
});

test("what comes before it lets the end go, and from there it goes on", () => {
  const span = prepended(full(), half(""));
  expect(countOf(span)).toBe(MOST_LINES);
  expect([beforeOf(span), span.after]).toEqual(["", "b"]);
});

test("long lines are bounded by their characters, and one chunk is always held", () => {
  const long = chunkOf(lines(5, "x".repeat(MOST_CHARACTERS)), "a");
  const span = appended(appended(EMPTY, half(""), undefined), long, undefined);
  expect(span.chunks).toEqual([long]);
});

test("an end without lines tells where the next ones begin", () => {
  const span = appended(appended(EMPTY, chunkOf([], "a"), undefined), chunkOf(lines(1), "b"), undefined);
  expect([beforeOf(span), countOf(span)]).toEqual(["a", 1]);
});
