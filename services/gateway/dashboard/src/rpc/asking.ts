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

export function useAsked<T>(ask: (signal: AbortSignal) => Promise<T>): Asked<T> {
  const [value, setValue] = useState<{ value?: T }>({});
  const [changes, setChanges] = useState(0);
  async function* answers(signal: AbortSignal): AsyncGenerator<T> {
    while (!signal.aborted) {
      yield await ask(signal);
      await pause(PERIOD_MS, signal);
    }
  }
  const following = useFollowing(answers, (answer) => setValue({ value: answer }), [changes]);
  return { ...value, following, again: () => setChanges((count) => count + 1) };
}
