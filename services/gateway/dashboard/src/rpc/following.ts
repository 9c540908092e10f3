// Follow a stream of the server's for as long as somebody looks.
//
// A browser opens six connections to a server and no more, for all tabs together, and a stream holds one. So a tab that
// nobody sees lets its streams go, and opens them again when it is looked at.

import { useEffect, useRef, useState } from "preact/hooks";
import { type Fault, faultOf, lasts } from "./fault";

/**
 * opening: asked for, nothing said yet. live: connected. waiting: not now, tried again. ended: the server has said all.
 * refused: it never will.
 */
export type Following =
  | { state: "opening" | "live" | "ended" }
  | { state: "waiting"; fault: Fault }
  | { state: "refused"; fault: Fault };

const OPENING: Following = { state: "opening" };

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;

/** Call `open` again after each break, until it ends by itself or is refused. Returns what ends it. */
export function follow<T>(
  open: (signal: AbortSignal) => AsyncIterable<T>,
  onMessage: (message: T) => void,
  onState: (following: Following) => void,
): () => void {
  let left = new AbortController();
  let over = false;

  async function once(signal: AbortSignal): Promise<"again" | "over"> {
    let failures = 0;
    while (!signal.aborted) {
      try {
        for await (const message of open(signal)) {
          if (signal.aborted) return "again";
          failures = 0;
          onState({ state: "live" });
          onMessage(message);
        }
        if (signal.aborted) return "again";
        onState({ state: "ended" });
        return "over";
      } catch (error) {
        if (signal.aborted) return "again";
        const fault = faultOf(error);
        if (lasts(fault)) {
          onState({ state: "refused", fault });
          return "over";
        }
        onState({ state: "waiting", fault });
        await pause(pauseAfter(failures++), signal);
      }
    }
    return "again";
  }

  async function look(): Promise<void> {
    left.abort();
    if (over || document.hidden) return;
    left = new AbortController();
    if ((await once(left.signal)) === "over") over = true;
  }

  document.addEventListener("visibilitychange", look);
  void look();
  return () => {
    over = true;
    document.removeEventListener("visibilitychange", look);
    left.abort();
  };
}

/** Follow while the component is shown and `keys` stay the same. */
export function useFollowing<T>(
  open: (signal: AbortSignal) => AsyncIterable<T>,
  onMessage: (message: T) => void,
  keys: readonly unknown[],
): Following {
  const [following, setFollowing] = useState(OPENING);
  const latest = useRef({ open, onMessage });
  latest.current = { open, onMessage };
  useEffect(() => {
    setFollowing(OPENING);
    return follow<T>(
      (signal) => latest.current.open(signal),
      (message) => latest.current.onMessage(message),
      (now) => setFollowing((before) => (before.state === now.state && now.state === "live" ? before : now)),
    );
  }, keys);
  return following;
}

/** How long to wait after that many failures before this one: longer each time, but never long. */
export const pauseAfter = (failures: number): number =>
  Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures);

/** Return after a while, or at once when nobody waits any more. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
