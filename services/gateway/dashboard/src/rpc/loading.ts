// An answer for a component: loading, there, or a fault with a way to try again.

import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { type Fault, faultOf, wasLeft } from "./fault";

export interface Loaded<T> {
  /** The last answer; it stays while a newer one is on its way. */
  value?: T;
  fault?: Fault;
  loading: boolean;
  again: () => void;
}

/** Ask once, and again whenever one of `keys` has changed. Who asks again leaves the call before. */
export function useLoaded<T>(load: (signal: AbortSignal) => Promise<T>, keys: readonly unknown[]): Loaded<T> {
  const [answer, setAnswer] = useState<Omit<Loaded<T>, "again">>({ loading: true });
  const [tries, setTries] = useState(0);
  const latest = useRef(load);
  latest.current = load;
  useEffect(() => {
    const left = new AbortController();
    setAnswer((before) =>
      before.value === undefined ? { loading: true } : { value: before.value, loading: true },
    );
    latest.current(left.signal).then(
      (value) => left.signal.aborted || setAnswer({ value, loading: false }),
      (error) => {
        if (!left.signal.aborted && !wasLeft(error)) setAnswer({ fault: faultOf(error), loading: false });
      },
    );
    return () => left.abort();
  }, [...keys, tries]);
  return { ...answer, again: useCallback(() => setTries((count) => count + 1), []) };
}
