// What a page or a card shows when it has nothing to show: it loads, it is empty, or something went wrong.

import type { ComponentChildren } from "preact";
import type { Fault } from "../rpc/fault";
import type { Loaded } from "../rpc/loading";

export function Loading({ what }: { what: string }) {
  return (
    <p class="notice" role="status">
      <span class="spinner" aria-hidden="true" /> {what} …
    </p>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="notice empty">
      <h2>{title}</h2>
      {children}
    </div>
  );
}

interface FailedProps {
  fault: Fault;
  again?: () => void;
  /** Nobody has to try again: the page does. */
  byItself?: boolean;
}

export function Failed({ fault, again, byItself = false }: FailedProps) {
  return (
    <div class="notice fault" role="alert">
      <p>
        {fault.text}
        {byItself && " It is asked again by itself."}
      </p>
      {again && (
        <button type="button" onClick={again}>
          Try again
        </button>
      )}
    </div>
  );
}

/** Shows an answer once it is there; till then, and instead of it, what keeps it. */
export function Await<T>({
  of,
  what,
  children,
}: {
  of: Loaded<T>;
  what: string;
  children: (value: T) => ComponentChildren;
}) {
  const failed = of.fault && (
    <Failed fault={of.fault} again={of.again} byItself={of.fault.reason === "UNAVAILABLE"} />
  );
  if (of.value === undefined) return failed ?? <Loading what={what} />;
  return (
    <>
      {failed}
      {children(of.value)}
    </>
  );
}
