// Choices of a plot, which the URL holds under the plot's name.

import { useId } from "preact/hooks";
import { useQuery } from "../shell/address";

interface OneOf {
  label: string;
  value: string;
  onChoice: (value: string) => void;
  /** Value and words. */
  among: readonly (readonly [string, string])[];
}

export function Choose({ label, value, onChoice, among }: OneOf) {
  const id = useId();
  return (
    <span class="choice">
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => onChoice(event.currentTarget.value)}>
        {among.map(([given, words]) => (
          <option key={given} value={given}>
            {words}
          </option>
        ))}
      </select>
    </span>
  );
}

export function Tick({
  label,
  on,
  onChange,
}: {
  label: string;
  on: boolean;
  onChange: (on: boolean) => void;
}) {
  return (
    <label class="tick">
      <input type="checkbox" checked={on} onChange={(event) => onChange(event.currentTarget.checked)} />
      {label}
    </label>
  );
}

/** A choice that is on or off. */
export function useTick(name: string): [boolean, (on: boolean) => void] {
  const [text, set] = useQuery(name);
  return [text === "1", (on) => set(on ? "1" : "")];
}

/** A choice among a few; what the URL has and is not among them is the first. */
export function useChoice<T extends string>(
  name: string,
  among: readonly [T, ...T[]],
): [T, (value: string) => void] {
  const [text, set] = useQuery(name, among[0]);
  return [among.find((one) => one === text) ?? among[0], set];
}
