// An answer for a component: loading, there, or a fault with a way to try again.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { type Fault, faultOf, lasts } from "./fault";
import { pause, pauseAfter } from "./following";

export interface Loaded<T> {
  /** The last answer; it stays while a newer one is on its way, and beside a fault that passes. */
  value?: T;
  fault?: Fault;
  loading: boolean;
  again: () => void;
}

type Answer<T> = Omit<Loaded<T>, "again">;

/** Ask until there is an answer or a refusal: where no server answers, again and again. */
export async function ask<T>(
  load: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
  tell: (change: (before: Answer<T>) => Answer<T>) => void,
): Promise<void> {
  for (let failures = 0; !signal.aborted; failures++) {
    try {
      const value = await load(signal);
      if (!signal.aborted) tell(() => ({ value, loading: false }));
      return;
    } catch (error) {
      if (signal.aborted) return;
      const fault = faultOf(error);
      tell((before) => ({ ...(!lasts(fault) && itsValue(before)), fault, loading: false }));
      if (fault.reason !== "UNAVAILABLE") return;
      await pause(pauseAfter(failures), signal);
    }
  }
}

const itsValue = <T>({ value }: Answer<T>): Pick<Answer<T>, "value"> =>
  value === undefined ? {} : { value };

/** Ask once, and again whenever one of `keys` has changed. Who asks again leaves the call before. */
export function useLoaded<T>(load: (signal: AbortSignal) => Promise<T>, keys: readonly unknown[]): Loaded<T> {
  const [answer, setAnswer] = useState<Answer<T>>({ loading: true });
  const [tries, setTries] = useState(0);
  const latest = useRef(load);
  latest.current = load;
  useEffect(() => {
    const left = new AbortController();
    setAnswer((before) => ({ ...itsValue(before), loading: true }));
    void ask((signal) => latest.current(signal), left.signal, setAnswer);
    return () => left.abort();
  }, [...keys, tries]);
  return { ...answer, again: useCallback(() => setTries((count) => count + 1), []) };
}
