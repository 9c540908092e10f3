import { expect, test } from "vitest";
import { oncePerFrame } from "./frames";

function clock() {
  const waiting: (() => void)[] = [];
  const schedule = (task: () => void) => {
    waiting.push(task);
    return () => void waiting.splice(waiting.indexOf(task), 1);
  };
  return { schedule, frame: () => waiting.splice(0).forEach((task) => void task()) };
}

test("a storm of changes is one picture, and what comes later another", () => {
  const { schedule, frame } = clock();
  let pictures = 0;
  const batch = oncePerFrame(() => pictures++, schedule);
  for (let change = 0; change < 1000; change++) batch.ask();
  expect(pictures).toBe(0);
  frame();
  frame();
  expect(pictures).toBe(1);
  batch.ask();
  frame();
  expect(pictures).toBe(2);
});

test("a page that is left draws nothing more", () => {
  const { schedule, frame } = clock();
  let pictures = 0;
  const batch = oncePerFrame(() => pictures++, schedule);
  batch.ask();
  batch.drop();
  frame();
  expect(pictures).toBe(0);
});
