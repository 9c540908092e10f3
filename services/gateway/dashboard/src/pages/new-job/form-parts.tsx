// Fields of the form: each shows what is wrong with its member of the job file.

import { type ComponentChildren, createContext } from "preact";
import { useContext, useId } from "preact/hooks";
import type { Wrong } from "./draft";
import type { Fields } from "./fields";

export interface Filling {
  fields: Fields;
  change: (part: Partial<Fields>) => void;
  wrong: readonly Wrong[];
}

export const FillingContext = createContext<Filling | undefined>(undefined);

export function useFilling(): Filling {
  const filling = useContext(FillingContext);
  if (!filling) throw new Error("a field stands outside of the form");
  return filling;
}

export const isOf = (member: string, of: string): boolean =>
  member === of || member.startsWith(`${of}.`) || member.startsWith(`${of}[`);

export function Faults({ of, id }: { of: readonly Wrong[]; id?: string }) {
  if (of.length === 0) return null;
  return (
    <span class="fault" id={id}>
      {of.map(({ why, remedy }) => `${why}${remedy && `. ${remedy}`}`).join(" ")}
    </span>
  );
}

interface Given {
  label: string;
  /** Of the job file; what is wrong with them is told here. */
  members: readonly string[];
  hint?: string;
}

interface TextProps extends Given {
  value: string;
  onValue: (value: string) => void;
  placeholder?: string;
  number?: boolean;
  list?: readonly string[];
}

export function TextField({ label, members, hint, value, onValue, placeholder, number, list }: TextProps) {
  const { wrong } = useFilling();
  const id = useId();
  const found = wrong.filter(({ member }) => members.some((of) => isOf(member, of)));
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        value={value}
        onInput={({ currentTarget }) => onValue(currentTarget.value)}
        placeholder={placeholder}
        inputMode={number ? "decimal" : undefined}
        spellcheck={false}
        autocomplete="off"
        list={list && `${id}-list`}
        aria-invalid={found.length > 0}
        aria-describedby={`${id}-told`}
      />
      {list && (
        <datalist id={`${id}-list`}>
          {list.map((item) => (
            <option key={item} value={item} />
          ))}
        </datalist>
      )}
      <span id={`${id}-told`}>
        {found.length > 0 ? <Faults of={found} /> : hint && <span class="hint">{hint}</span>}
      </span>
    </div>
  );
}

interface SelectProps extends Given {
  value: string;
  onValue: (value: string) => void;
  options: Readonly<Record<string, string>>;
}

export function SelectField({ label, members, value, onValue, options }: SelectProps) {
  const { wrong } = useFilling();
  const id = useId();
  const found = wrong.filter(({ member }) => members.some((of) => isOf(member, of)));
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        value={value}
        onChange={({ currentTarget }) => onValue(currentTarget.value)}
        aria-invalid={found.length > 0}
        aria-describedby={`${id}-told`}
      >
        {Object.entries(options).map(([option, word]) => (
          <option key={option} value={option}>
            {word}
          </option>
        ))}
      </select>
      <span id={`${id}-told`}>
        <Faults of={found} />
      </span>
    </div>
  );
}

export function Tick({
  label,
  members,
  checked,
  onValue,
}: Omit<SelectProps, "value" | "options" | "onValue"> & {
  checked: boolean;
  onValue: (checked: boolean) => void;
}) {
  const { wrong } = useFilling();
  return (
    <div class="field">
      <label class="tick">
        <input
          type="checkbox"
          checked={checked}
          onChange={({ currentTarget }) => onValue(currentTarget.checked)}
        />{" "}
        {label}
      </label>
      <Faults of={wrong.filter(({ member }) => members.some((of) => isOf(member, of)))} />
    </div>
  );
}

interface SectionProps {
  title: string;
  hint?: string;
  children: ComponentChildren;
}

export function Section({ title, hint, children }: SectionProps) {
  return (
    <fieldset>
      <legend>{title}</legend>
      {hint && <p class="hint">{hint}</p>}
      {children}
    </fieldset>
  );
}

/** What few people set: closed unless something is set or wrong. */
export function More({ title, of, set, children }: SectionProps & { of: readonly string[]; set: boolean }) {
  const { wrong } = useFilling();
  const open = set || wrong.some(({ member }) => of.some((one) => isOf(member, one)));
  return (
    <details open={open || undefined}>
      <summary>{title}</summary>
      <fieldset>
        <legend class="unseen">{title}</legend>
        {children}
      </fieldset>
    </details>
  );
}
