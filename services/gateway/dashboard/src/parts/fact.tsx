import type { ComponentChildren } from "preact";

/** A name and what there is under it. Nothing to say is not said. */
export function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  if (children === "" || children === undefined || children === null || children === false) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
