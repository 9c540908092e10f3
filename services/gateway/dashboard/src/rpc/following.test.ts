import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Following, follow } from "./following";
import { ask, type Loaded } from "./loading";
import { BROKEN, DEADLINE, GONE } from "./made";

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("document", { hidden: false, addEventListener() {}, removeEventListener() {} });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Follow streams that each give what they are given, or throw it, and return what was said of them. */
async function followed(...streams: (number | Error)[][]) {
  const states: Following["state"][] = [];
  const messages: number[] = [];
  const left = [...streams];
  async function* open() {
    for (const one of left.shift() ?? []) {
      if (one instanceof Error) throw one;
      yield one;
    }
  }
  const end = follow(
    open,
    (message) => messages.push(message),
    ({ state }) => states.push(state),
  );
  await vi.runAllTimersAsync();
  end();
  return { states, messages };
}

test.each([
  ["broken", BROKEN],
  ["late", DEADLINE],
  ["wrong in this page", new Error("no spec")],
])("a stream that is %s is opened again", async (_, error) =>
  expect(await followed([1, error], [error], [2])).toEqual({
    states: ["live", "waiting", "waiting", "live", "ended"],
    messages: [1, 2],
  }));

test("a stream of what is not there is not", async () =>
  expect(await followed([1, GONE], [2])).toEqual({ states: ["live", "refused"], messages: [1] }));

/** Ask for what comes one after another, or is thrown, and return each answer. */
async function asked(before: Omit<Loaded<number>, "again">, ...answers: (number | Error)[]) {
  const left = [...answers];
  const told = [before];
  const load = async () => {
    const answer = left.shift();
    if (typeof answer !== "number") throw answer;
    return answer;
  };
  void ask(load, new AbortController().signal, (change) => told.push(change(told.at(-1) ?? before)));
  await vi.runAllTimersAsync();
  return told.slice(1).map(({ value, fault }) => [value, fault?.reason]);
}

const THERE = { value: 1, loading: true };

test("what is there stays while the server does not answer, which is asked until it does", async () =>
  expect(await asked(THERE, BROKEN, BROKEN, 2)).toEqual([
    [1, "UNAVAILABLE"],
    [1, "UNAVAILABLE"],
    [2, undefined],
  ]));

test("what takes too long is told beside what is there, and left to who reads it", async () =>
  expect(await asked(THERE, DEADLINE, 2)).toEqual([[1, "DEADLINE_EXCEEDED"]]));

test("what is refused is there no more", async () =>
  expect(await asked(THERE, GONE, 2)).toEqual([[undefined, "NOT_FOUND"]]));
