// Which trainings a table shows, and in which order.

import { ObjectiveState, TrainingState } from "../../../generated/tunewright/v1/tuning_service_pb";
import type { Cell, Rows } from "../../../parts/saving";
import type { Trial } from "../../../trainings/trials";
import { stateOf, type Told } from "./columns";

export const STATES = {
  waiting: "Waiting",
  running: "Running",
  completed: "Completed",
  "no-objective": "No objective",
  stopped: "Stopped",
  failed: "Failed",
} as const;
export type StateName = keyof typeof STATES;

export function stateName({ state, objectiveState }: Trial): StateName {
  switch (state) {
    case TrainingState.READY:
      return "waiting";
    case TrainingState.COMPLETED:
      return objectiveState === ObjectiveState.FAILED ? "no-objective" : "completed";
    case TrainingState.STOPPED:
      return "stopped";
    case TrainingState.FAILED:
      return "failed";
    default:
      return "running";
  }
}

/** Those in a state, empty for all, whose name, state, trainer, parameters … contain a text, whatever the case. */
export function filtered(trials: readonly Trial[], state: string, text: string): readonly Trial[] {
  const sought = text.trim().toLowerCase();
  if (!state && !sought) return trials;
  return trials.filter(
    (trial) => (!state || stateName(trial) === state) && (!sought || words(trial).includes(sought)),
  );
}

/** Kept as long as the trainings: whoever types a letter after the other searches in the same ones. */
const wordsOf = new WeakMap<Trial, string>();

function words(trial: Trial): string {
  const known = wordsOf.get(trial);
  if (known !== undefined) return known;
  const { name, definition, source, stopRule, trainer, parameters } = trial;
  let all = `${name}\n${stateOf(trial).word}\n${definition}\n${source}\n${stopRule}\n${trainer}`;
  for (const parameter in parameters) all += `\n${parameter}=${parameters[parameter]}`;
  const found = all.toLowerCase();
  wordsOf.set(trial, found);
  return found;
}

export interface Order {
  column: string;
  descending: boolean;
}

/** "value" or, from the greatest down, "-value". */
export function readOrder(text: string): Order {
  const descending = text.startsWith("-");
  return { column: descending ? text.slice(1) : text, descending };
}

export const writtenOrder = ({ column, descending }: Order): string => (descending ? "-" : "") + column;

const texts = new Intl.Collator("en", { numeric: true });

/** Sorted by a column; what has nothing there stands last in either order, and equals by number. */
export function sorted(trials: readonly Trial[], column: Told | undefined, descending: boolean): Trial[] {
  if (!column) return [...trials];
  const sign = descending ? -1 : 1;
  return trials
    .map((trial) => ({ trial, key: column.of(trial) }))
    .sort((one, other) => compared(one.key, other.key, sign) || one.trial.number - other.trial.number)
    .map(({ trial }) => trial);
}

function compared(one: Cell, other: Cell, sign: number): number {
  if (typeof one === "number" && typeof other === "number") return sign * (one - other);
  const blank = Number(isBlank(one)) - Number(isBlank(other));
  if (blank || isBlank(one)) return blank;
  if (typeof one === "number" || typeof other === "number") return sign * (typeof one === "number" ? -1 : 1);
  return sign * texts.compare(one ?? "", other ?? "");
}

const isBlank = (cell: Cell): boolean => cell === undefined || cell === "";

/** What a table shows, exactly as it is known. */
export function rowsOf(trials: readonly Trial[], columns: readonly Told[]): Rows {
  return {
    columns: columns.map(({ title }) => title),
    rows: trials.map((trial) => columns.map(({ of }) => of(trial))),
  };
}

export const readNumbers = (text: string): number[] =>
  text
    .split(",")
    .map(Number)
    .filter((number) => Number.isSafeInteger(number) && number > 0);

/** The same numbers with one more, or without it. */
export function toggled(numbers: readonly number[], number: number): number[] {
  return numbers.includes(number) ? numbers.filter((item) => item !== number) : [...numbers, number];
}
