// What the server does not send by itself: asked for again and again, as long as somebody looks.

import { useState } from "preact/hooks";
import { type Following, pause, useFollowing } from "./following";

const PERIOD_MS = 3000;

export interface Asked<T> {
  value?: T;
  following: Following;
  /** Ask now: something was changed. */
  again: () => void;
}

interface Terms<T> {
  /** What is asked about; another one begins anew. */
  keys?: readonly unknown[];
  everyMs?: number;
  /** An answer that will not change any more: it is the last one. */
  isFinal?: (answer: T) => boolean;
}

export function useAsked<T>(
  ask: (signal: AbortSignal) => Promise<T>,
  { keys = [], everyMs = PERIOD_MS, isFinal = () => false }: Terms<T> = {},
): Asked<T> {
  const [value, setValue] = useState<{ value?: T }>({});
  const [changes, setChanges] = useState(0);
  async function* answers(signal: AbortSignal): AsyncGenerator<T> {
    while (!signal.aborted) {
      const answer = await ask(signal);
      yield answer;
      if (isFinal(answer)) return;
      await pause(everyMs, signal);
    }
  }
  const following = useFollowing(answers, (answer) => setValue({ value: answer }), [...keys, changes]);
  return { ...value, following, again: () => setChanges((count) => count + 1) };
}
