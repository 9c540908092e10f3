// What is compared is asked for one by one: what cannot be told of one keeps nothing of the others back.

import type { Fault } from "../../rpc/fault";

export interface Answer<T> {
  name: string;
  value?: T;
  fault?: Fault;
}

export interface Question<T> {
  /** `before` is the last answer, if there is one. */
  load: (name: string, before: T | undefined, signal: AbortSignal) => Promise<T>;
  /** It will not change any more. */
  isFinal: (value: T) => boolean;
}

/** What is wrong with one; undefined: with none of them, and whoever asks is to wait and try again. */
export type Told = (error: unknown) => Fault | undefined;

/** Where nothing is new it is the same list as before. */
export async function answers<T>(
  names: readonly string[],
  before: readonly Answer<T>[],
  { load, isFinal }: Question<T>,
  told: Told,
  signal: AbortSignal,
): Promise<readonly Answer<T>[]> {
  const now = await Promise.all(
    names.map(async (name): Promise<Answer<T>> => {
      const known = before.find((answer) => answer.name === name);
      if (known?.fault || (known?.value !== undefined && isFinal(known.value))) return known;
      const answer = await one(name, () => load(name, known?.value, signal), told);
      return known && answer.value === known.value && !answer.fault ? known : answer;
    }),
  );
  const same = now.length === before.length && now.every((answer, at) => answer === before[at]);
  return same ? before : now;
}

async function one<T>(name: string, load: () => Promise<T>, told: Told): Promise<Answer<T>> {
  try {
    return { name, value: await load() };
  } catch (error) {
    const fault = told(error);
    if (!fault) throw error;
    return { name, fault };
  }
}

export const valuesOf = <T>(all: readonly Answer<T>[]): T[] =>
  all.flatMap(({ value }) => (value === undefined ? [] : [value]));
