// What can be told of a training in a table: shown to people, sorted by, and saved exactly.

import type { TuningJob } from "../../../generated/tunewright/v1/tuning_service_pb";
import type { Cell } from "../../../parts/saving";
import type { Trial } from "../../../trainings/trials";
import { number } from "../../../words/numbers";
import { trainingState } from "../../../words/states";
import { ago, duration } from "../../../words/times";

export interface Told {
  /** As the URL calls it. */
  name: string;
  title: string;
  width: number;
  figures: boolean;
  /** Shown until somebody chooses other columns. */
  usual: boolean;
  /** Sorted by and saved; undefined: there is none. */
  of: (trial: Trial) => Cell;
  /** For people, where that is not what is saved. */
  shown?: (trial: Trial) => string;
}

export const PARAMETER = "p.";

const text = (name: string, title: string, width: number, usual: boolean, of: Told["of"]): Told => ({
  name,
  title,
  width,
  figures: false,
  usual,
  of,
});
const figure = (
  name: string,
  title: string,
  usual: boolean,
  of: (trial: Trial) => number | undefined,
  shown: (value: number) => string = number,
): Told => ({
  name,
  title,
  width: 122,
  figures: true,
  usual,
  of,
  shown: (trial) => {
    const value = of(trial);
    return value === undefined ? "" : shown(value);
  },
});

export const stateOf = (trial: Trial) =>
  trainingState({ ...trial, stoppedEarly: trial.stopRule || undefined });

/** All columns that trainings of this job can have, in the order in which they stand. */
export function columnsOf(job: TuningJob): Told[] {
  const definitions = job.spec?.definitions ?? [];
  const prices = Object.keys(job.spec?.pricesPerSecond ?? {}).length > 0;
  const metric = job.spec?.objective?.metricName ?? "";
  return [
    { ...figure("number", "No.", true, ({ number }) => number, String), width: 70 },
    text("name", "Training", 240, true, ({ name }) => name),
    text("state", "State", 132, true, (trial) => stateOf(trial).word),
    figure("value", metric || "Objective", true, ({ value }) => value),
    text("definition", "Definition", 130, definitions.length > 1, ({ definition }) => definition),
    ...parametersOf(job).map(parameterColumn),
    figure("time", "Ran for", true, ranFor, duration),
    figure("cost", "Cost", prices, ({ cost }) => cost),
    text("source", "Chosen by", 110, false, ({ source }) => source),
    text("rule", "Stopped by", 110, false, ({ stopRule }) => stopRule),
    text("trainer", "Trainer", 180, false, ({ trainer }) => trainer),
    figure("attempt", "Attempt", false, ({ attempt }) => attempt, String),
    figure("bracket", "Bracket", false, ({ bracket }) => bracket, String),
    figure("created", "Created", false, ({ createdAt }) => createdAt, ago),
    figure("ended", "Ended", false, ({ endedAt }) => endedAt, ago),
  ];
}

interface Tuned {
  name: string;
  figures: boolean;
}

function parametersOf(job: TuningJob): Tuned[] {
  const found = new Map<string, Tuned>();
  for (const { parameters } of job.spec?.definitions ?? [])
    for (const { name, range } of parameters)
      found.set(name, {
        name,
        figures: range.case !== "choiceRange" && (found.get(name)?.figures ?? true),
      });
  return [...found.values()];
}

function parameterColumn({ name, figures }: Tuned): Told {
  const of = ({ parameters }: Trial): Cell => parameters[name];
  return {
    name: PARAMETER + name,
    title: name,
    width: Math.min(220, Math.max(122, 34 + name.length * 8)),
    figures,
    usual: true,
    of,
    shown: (trial) => {
      const value = of(trial);
      return typeof value === "number" ? number(value) : (value ?? "");
    },
  };
}

/** Of the last attempt, once it has ended. */
function ranFor({ startedAt, endedAt }: Trial): number | undefined {
  return startedAt === undefined || endedAt === undefined ? undefined : Math.max(0, endedAt - startedAt);
}

/** Names of columns as they stand in the URL; a parameter may be called anything. */
export const written = (names: readonly string[]): string => names.map(encodeURIComponent).join(",");

/** Those of the columns that the URL names, in their own order; all usual ones if it names none. */
export function chosenColumns(columns: readonly Told[], names: string): Told[] {
  if (!names) return columns.filter(({ usual }) => usual);
  const wanted = new Set(names.split(",").map(decoded));
  return columns.filter(({ name }) => wanted.has(name));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
