import type { Answer } from "./answers";

/** Those of which nothing can be told, and why. */
export function Faults({ of }: { of: readonly Answer<unknown>[] }) {
  const failed = of.filter(({ fault }) => fault);
  if (failed.length === 0) return null;
  return (
    <ul class="plain notice fault" role="alert">
      {failed.map(({ name, fault }) => (
        <li key={name}>
          <b>{name}</b>: {fault?.text}
        </li>
      ))}
    </ul>
  );
}
