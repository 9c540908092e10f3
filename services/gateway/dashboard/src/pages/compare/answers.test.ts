import { expect, test } from "vitest";
import { type Answer, answers, type Question, valuesOf } from "./answers";

const signal = new AbortController().signal;

interface Thing {
  ended: boolean;
}

const DOWN = new Error("no server answers");
const told = (error: unknown) =>
  error === DOWN ? undefined : { reason: "NOT_FOUND", text: String(error), field: "" };

function server(things: Record<string, Thing | Error>) {
  const asked: string[] = [];
  const question: Question<Thing> = {
    load: async (name) => {
      asked.push(name);
      const found = things[name];
      if (!found || found instanceof Error) throw found ?? new Error(name);
      return found;
    },
    isFinal: ({ ended }) => ended,
  };
  const ask = (before: readonly Answer<Thing>[] = []) =>
    answers(["done", "gone", "runs"], before, question, told, signal);
  return { asked, ask };
}

test("one that is not there keeps nothing of the others back", async () => {
  const told = await server({ done: { ended: true }, runs: { ended: false } }).ask();
  expect(told.map(({ value, fault }) => value ?? fault?.reason)).toEqual([
    { ended: true },
    "NOT_FOUND",
    { ended: false },
  ]);
  expect(valuesOf(told)).toHaveLength(2);
});

test("only what may change is asked for again, and without news the list is the same", async () => {
  const { asked, ask } = server({ done: { ended: true }, runs: { ended: false } });
  const first = await ask();
  asked.length = 0;
  expect(await ask(first)).toBe(first);
  expect(asked).toEqual(["runs"]);
});

test("while no server answers nothing is told of any", async () => {
  const { ask } = server({ done: { ended: true }, runs: DOWN });
  await expect(ask()).rejects.toBe(DOWN);
});
