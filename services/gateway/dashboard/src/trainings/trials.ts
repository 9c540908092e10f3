// All trainings of a job as plots and tables want them. They come column by column, thousands at a time, and then as
// changes.

import {
  ObjectiveState,
  type TrainingAttempt,
  type TrainingColumns,
  TrainingState,
} from "../generated/tunewright/v1/tuning_service_pb";

export interface Trial {
  /** From 1, in order of creation. */
  number: number;
  name: string;
  state: TrainingState;
  /** AMT's TrainingJobStatus. */
  status: string;
  objectiveState: ObjectiveState;
  /** Of the objective; undefined: there is none. */
  value: number | undefined;
  /** Milliseconds since 1970; undefined: not yet. */
  createdAt: number | undefined;
  startedAt: number | undefined;
  endedAt: number | undefined;
  cost: number;
  definition: string;
  /** Where the configuration came from: random, exploit, ... */
  source: string;
  /** The rule that stopped it early; empty: none. */
  stopRule: string;
  /** Who was given the last attempt; empty: nobody yet. */
  trainer: string;
  attempt: number;
  bracket: number;
  rungs: readonly number[];
  parameters: Readonly<Record<string, number | string>>;
  /** Those before the last one; most trainings have none. */
  earlier: readonly TrainingAttempt[];
}

export class Trials {
  private readonly byNumber = new Map<number, Trial>();
  private sorted: Trial[] | undefined;

  /** Take in trainings that are new or have changed. */
  take(columns: TrainingColumns): void {
    for (const trial of read(columns)) this.byNumber.set(trial.number, trial);
    this.sorted = undefined;
  }

  get(number: number): Trial | undefined {
    return this.byNumber.get(number);
  }

  get count(): number {
    return this.byNumber.size;
  }

  /** All of them by number; the same list until something changes. */
  get all(): readonly Trial[] {
    this.sorted ??= [...this.byNumber.values()].sort((one, other) => one.number - other.number);
    return this.sorted;
  }
}

export function read(columns: TrainingColumns): Trial[] {
  const text = (place: number | undefined): string => columns.texts[place ?? 0] ?? "";
  const trials = columns.numbers.map(
    (number, at): Trial => ({
      number,
      name: columns.names[at] ?? "",
      state: columns.states[at] ?? TrainingState.UNSPECIFIED,
      status: text(columns.statuses[at]),
      objectiveState: columns.objectiveStates[at] ?? ObjectiveState.UNSPECIFIED,
      value: known(columns.objectiveValues[at]),
      createdAt: milliseconds(columns.createdAt[at]),
      startedAt: milliseconds(columns.startedAt[at]),
      endedAt: milliseconds(columns.endedAt[at]),
      cost: columns.costs[at] ?? 0,
      definition: text(columns.definitionNames[at]),
      source: text(columns.sources[at]),
      stopRule: text(columns.stopRules[at]),
      trainer: text(columns.trainers[at]),
      attempt: columns.attempts[at] ?? 0,
      bracket: columns.brackets[at] ?? 0,
      rungs: columns.rungLists[columns.rungs[at] ?? 0]?.rungs ?? [],
      parameters: parameters(columns, at),
      earlier: [],
    }),
  );
  const places = new Map(trials.map((trial, at) => [trial.number, at]));
  for (const { number, attempt } of columns.earlierAttempts) {
    const trial = trials[places.get(number) ?? -1];
    if (trial && attempt) trial.earlier = [...trial.earlier, attempt];
  }
  return trials;
}

function parameters(columns: TrainingColumns, at: number): Record<string, number | string> {
  const found: Record<string, number | string> = {};
  for (const { name, numbers, texts } of columns.parameters) {
    const value = known(numbers[at]) ?? columns.texts[texts[at] ?? 0];
    if (value !== undefined && value !== "") found[name] = value;
  }
  return found;
}

const known = (value: number | undefined): number | undefined => (Number.isNaN(value) ? undefined : value);

function milliseconds(seconds: number | undefined): number | undefined {
  const value = known(seconds);
  return value === undefined ? undefined : value * 1000;
}
