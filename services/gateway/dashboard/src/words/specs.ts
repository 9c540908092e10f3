// What was asked for, in words.

import {
  Direction,
  type Objective,
  type Parameter,
  ScalingType,
  Strategy,
  type TuningJobSpec,
} from "../generated/tunewright/v1/spec_pb";
import { number } from "./numbers";

const STRATEGIES: Record<Strategy, string> = {
  [Strategy.UNSPECIFIED]: "Bayesian",
  [Strategy.BAYESIAN]: "Bayesian",
  [Strategy.RANDOM]: "Random",
  [Strategy.GRID]: "Grid",
  [Strategy.HYPERBAND]: "Hyperband",
};

export const strategyWord = (strategy: Strategy | undefined): string =>
  STRATEGIES[strategy ?? Strategy.UNSPECIFIED] ?? "Unknown";

export const maximizes = (objective: Objective | undefined): boolean =>
  objective?.direction === Direction.MAXIMIZE;

/** "maximize accuracy" */
export function objectiveText(objective: Objective | undefined): string {
  if (!objective) return "";
  return `${maximizes(objective) ? "maximize" : "minimize"} ${objective.metricName}`;
}

/** That of a definition, where it has one of its own; else the job's. */
export function objectiveOf(spec: TuningJobSpec | undefined, definition: string): Objective | undefined {
  return spec?.definitions.find(({ name }) => name === definition)?.objective ?? spec?.objective;
}

const SCALES: Partial<Record<ScalingType, string>> = {
  [ScalingType.LOGARITHMIC]: ", logarithmic",
  [ScalingType.REVERSE_LOGARITHMIC]: ", reverse logarithmic",
};

/** "0.001 … 1, logarithmic", "always 3", "adam, sgd" */
export function rangeText({ range }: Parameter): string {
  if (range.case === "choiceRange") return range.value.values.join(", ");
  if (range.case === undefined) return "";
  const [low, high] = [Number(range.value.low), Number(range.value.high)];
  if (low === high) return `always ${number(low)}`;
  return `${number(low)} … ${number(high)}${SCALES[range.value.scaling] ?? ""}`;
}
