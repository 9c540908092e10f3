import type { ComponentChildren } from "preact";
import type { Following } from "../rpc/following";
import { Failed, Loading } from "./notices";

interface Props<T> {
  value: T | undefined;
  following: Following;
  what: string;
  children: (value: T) => ComponentChildren;
}

/** Shows the newest of what is followed, and says when it is not the newest any more. */
export function Live<T>({ value, following, what, children }: Props<T>) {
  if (following.state === "refused") return <Failed fault={following.fault} />;
  if (value === undefined)
    return following.state === "waiting" ? (
      <Failed fault={following.fault} byItself />
    ) : (
      <Loading what={what} />
    );
  return (
    <>
      <Stale following={following} />
      {children(value)}
    </>
  );
}

/** Says that what is shown is not the newest, and why. */
export function Stale({ following }: { following: Following }) {
  if (following.state !== "waiting") return null;
  const { reason, text } = following.fault;
  return (
    <p class="stale" role="status">
      {reason === "UNAVAILABLE" ? "The server does not answer." : text} This is what it said last.
    </p>
  );
}
