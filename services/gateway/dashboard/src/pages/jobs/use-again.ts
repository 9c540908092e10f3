import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import type { Loaded } from "../../rpc/loading";

const LEAST_MS = 1000;

/** Has an answer loaded again: never before the last one is there, and at most once a second, however often it is called. */
export function useAgain({ loading, again }: Pick<Loaded<unknown>, "loading" | "again">): () => void {
  const [wanted, want] = useState(false);
  const last = useRef(0);
  useEffect(() => {
    if (!wanted || loading) return;
    const load = () => {
      last.current = Date.now();
      want(false);
      again();
    };
    const timer = setTimeout(load, Math.max(0, last.current + LEAST_MS - Date.now()));
    return () => clearTimeout(timer);
  }, [wanted, loading, again]);
  return useCallback(() => want(true), []);
}
