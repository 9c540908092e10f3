// Rows of the form: hyperparameters, metrics, and names with values.

import type { ComponentChildren } from "preact";
import type { Wrong } from "./draft";
import { type Found, type Kind, METRIC, PARAMETER, type Pair, type Scale } from "./fields";
import { Faults, isOf, useFilling } from "./form-parts";

const KINDS: Record<Kind, string> = { float: "real", int: "integer", choice: "one of" };
const SCALES: Record<Scale, string> = {
  auto: "scale: auto",
  linear: "linear",
  log: "logarithmic",
  reverse_log: "fine near 1",
};
const FOUND: Record<Found, string> = {
  name: "by its name",
  regex: "by a regex",
  json: "JSON lines, file, reports",
};

interface RowsProps<T> {
  rows: readonly T[];
  onRows: (rows: readonly T[]) => void;
  /** The member of the job file. */
  member: string;
  nameOf: (row: T) => string;
  /** A new row, and what it is called. */
  blank: T;
  thing: string;
  ordered?: boolean;
  children: (
    row: T,
    change: (part: Partial<T>) => void,
    wrong: readonly Wrong[],
    at: number,
  ) => ComponentChildren;
}

function Rows<T>({ rows, onRows, member, nameOf, blank, thing, ordered, children }: RowsProps<T>) {
  const { wrong } = useFilling();
  const all = wrong.filter((one) => isOf(one.member, member));
  const ofRow = (row: T, at: number) =>
    all.filter(
      (one) =>
        (nameOf(row) !== "" && isOf(one.member, `${member}.${nameOf(row)}`)) ||
        one.member === `${member}[${at}]`,
    );
  const told = new Set(rows.flatMap(ofRow));
  const moved = (at: number) => {
    const now = [...rows];
    now.splice(at - 1, 0, ...now.splice(at, 1));
    onRows(now);
  };
  return (
    <>
      <ul class="plain rows">
        {rows.map((row, at) => {
          const called = `${thing} ${nameOf(row) || at + 1}`;
          return (
            // A row is known by its place: its name is being typed.
            <li key={at}>
              <div class="row">
                {children(
                  row,
                  (part) => onRows(rows.map((one, place) => (place === at ? { ...one, ...part } : one))),
                  ofRow(row, at),
                  at,
                )}
                <span class="ends">
                  {ordered && (
                    <button
                      type="button"
                      class="quiet"
                      disabled={at === 0}
                      aria-label={`Move ${called} up`}
                      onClick={() => moved(at)}
                    >
                      ↑
                    </button>
                  )}
                  <button
                    type="button"
                    class="quiet"
                    aria-label={`Remove ${called}`}
                    onClick={() => onRows(rows.filter((_, place) => place !== at))}
                  >
                    ✕
                  </button>
                </span>
              </div>
              <Faults of={ofRow(row, at)} />
            </li>
          );
        })}
      </ul>
      <Faults of={all.filter((one) => !told.has(one))} />
      <div>
        <button type="button" onClick={() => onRows([...rows, blank])}>
          Add {thing}
        </button>
      </div>
    </>
  );
}

interface CellProps {
  label: string;
  value: string;
  onValue: (value: string) => void;
  bad?: boolean;
  class?: string;
  placeholder?: string;
}

function Cell({ label, value, onValue, bad, class: kind, placeholder }: CellProps) {
  return (
    <input
      class={kind}
      aria-label={label}
      value={value}
      onInput={({ currentTarget }) => onValue(currentTarget.value)}
      aria-invalid={bad}
      placeholder={placeholder}
      spellcheck={false}
      autocomplete="off"
    />
  );
}

interface ChoiceProps<T extends string> {
  label: string;
  value: T;
  options: Record<T, string>;
  onValue: (value: T) => void;
}

function Choice<T extends string>({ label, value, options, onValue }: ChoiceProps<T>) {
  return (
    <select
      aria-label={label}
      value={value}
      onChange={({ currentTarget }) => onValue(currentTarget.value as T)}
    >
      {(Object.keys(options) as T[]).map((option) => (
        <option key={option} value={option}>
          {options[option]}
        </option>
      ))}
    </select>
  );
}

export function Parameters() {
  const { fields, change } = useFilling();
  return (
    <Rows
      rows={fields.params}
      onRows={(params) => change({ params })}
      member="params"
      nameOf={({ name }) => name}
      blank={PARAMETER}
      thing="hyperparameter"
      ordered
    >
      {(row, set, wrong, at) => {
        const of = row.name || `hyperparameter ${at + 1}`;
        const bad = wrong.length > 0;
        return (
          <>
            <Cell
              class="name"
              label={`Name of hyperparameter ${at + 1}`}
              placeholder="name"
              value={row.name}
              onValue={(name) => set({ name })}
              bad={bad}
            />
            <Choice
              label={`Kind of ${of}`}
              value={row.kind}
              options={KINDS}
              onValue={(kind) => set({ kind })}
            />
            {row.kind === "choice" ? (
              <Cell
                class="wide-cell"
                label={`Values of ${of}`}
                placeholder="32, 64, 128"
                value={row.values}
                onValue={(values) => set({ values })}
                bad={bad}
              />
            ) : (
              <>
                <Cell
                  class="end"
                  label={`Low end of ${of}`}
                  placeholder="low"
                  value={row.low}
                  onValue={(low) => set({ low })}
                  bad={bad}
                />
                <Cell
                  class="end"
                  label={`High end of ${of}`}
                  placeholder="high"
                  value={row.high}
                  onValue={(high) => set({ high })}
                  bad={bad}
                />
                <Choice
                  label={`Scale of ${of}`}
                  value={row.scale}
                  options={SCALES}
                  onValue={(scale) => set({ scale })}
                />
              </>
            )}
          </>
        );
      }}
    </Rows>
  );
}

export function Metrics() {
  const { fields, change } = useFilling();
  return (
    <Rows
      rows={fields.metrics}
      onRows={(metrics) => change({ metrics })}
      member="metrics"
      nameOf={({ name }) => name}
      blank={METRIC}
      thing="metric"
    >
      {(row, set, wrong, at) => {
        const of = row.name || `metric ${at + 1}`;
        return (
          <>
            <Cell
              class="name"
              label={`Name of metric ${at + 1}`}
              placeholder="name"
              value={row.name}
              onValue={(name) => set({ name })}
              bad={wrong.length > 0}
            />
            <Choice
              label={`How ${of} is found`}
              value={row.found}
              options={FOUND}
              onValue={(found) => set({ found })}
            />
            {row.found === "regex" && (
              <Cell
                class="wide-cell code"
                label={`Regex of ${of}`}
                placeholder="F1 is ([0-9.]+)"
                value={row.regex}
                onValue={(regex) => set({ regex })}
                bad={wrong.length > 0}
              />
            )}
          </>
        );
      }}
    </Rows>
  );
}

interface PairsProps {
  of: "fixed" | "environment" | "tags" | "prices";
  thing: string;
  names?: string;
  values?: string;
}

export function Pairs({ of, thing, names = "name", values = "value" }: PairsProps) {
  const { fields, change } = useFilling();
  return (
    <Rows<Pair>
      rows={fields[of]}
      onRows={(rows) => change({ [of]: rows })}
      member={of}
      nameOf={({ name }) => name}
      blank={{ name: "", value: "" }}
      thing={thing}
    >
      {(row, set, wrong, at) => (
        <>
          <Cell
            class="name"
            label={`Name of ${thing} ${at + 1}`}
            placeholder={names}
            value={row.name}
            onValue={(name) => set({ name })}
            bad={wrong.length > 0}
          />
          <Cell
            class="wide-cell"
            label={`Value of ${row.name || `${thing} ${at + 1}`}`}
            placeholder={values}
            value={row.value}
            onValue={(value) => set({ value })}
            bad={wrong.length > 0}
          />
        </>
      )}
    </Rows>
  );
}
