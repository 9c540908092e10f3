// Trainings made up for tests of plots.

import { create } from "@bufbuild/protobuf";
import {
  ChoiceSchema,
  DefinitionSchema,
  Direction,
  FloatSchema,
  ObjectiveSchema,
  ParameterSchema,
  ScalingType,
  type TuningJobSpec,
  TuningJobSpecSchema,
} from "../generated/tunewright/v1/spec_pb";
import { trial as sample } from "../trainings/sample";
import type { Trial } from "../trainings/trials";
import { isDrawn, type NoPlot, type Palette, type Plot } from "./plot";
import type { Subject } from "./subject";

export const PALETTE: Palette = {
  text: "#000000",
  muted: "#555555",
  line: "#dddddd",
  surface: "#ffffff",
  accent: "#0000ff",
  good: "#00aa00",
  bad: "#aa0000",
  stopped: "#aa6600",
  waiting: "#666666",
  series: ["#111111", "#222222"],
};

export const LOSS: Subject = { metric: "loss", minimize: true };

/** One that has an objective, times and hyperparameters. */
export const trial = (number: number, more: Partial<Trial> = {}): Trial =>
  sample({
    number,
    value: 1 / number,
    createdAt: number * 1000,
    startedAt: number * 1000,
    endedAt: number * 1000 + 500,
    trainer: "a",
    parameters: { lr: 10 ** -(number % 5), kind: number % 2 ? "adam" : "sgd", fixed: 3 },
    ...more,
  });

export const trials = (count: number): Trial[] => Array.from({ length: count }, (_, at) => trial(at + 1));

const choice = (...values: string[]) => ({
  case: "choiceRange" as const,
  value: create(ChoiceSchema, { values }),
});
const float = (low: number, high: number) => ({
  case: "floatRange" as const,
  value: create(FloatSchema, { low, high, scaling: ScalingType.AUTO }),
});

export function spec(...definitions: { name: string; metric?: string }[]): TuningJobSpec {
  const parameters = [
    { name: "kind", range: choice("sgd", "adam", "lion") },
    { name: "lr", range: float(1e-4, 1) },
  ].map((given) => create(ParameterSchema, given));
  const objective = (metricName: string) =>
    create(ObjectiveSchema, { metricName, direction: Direction.MINIMIZE });
  return create(TuningJobSpecSchema, {
    name: "job",
    objective: objective("loss"),
    definitions: (definitions.length ? definitions : [{ name: "" }]).map(({ name, metric }) =>
      create(DefinitionSchema, { name, parameters, ...(metric && { objective: objective(metric) }) }),
    ),
  });
}

export function drawn(plot: Plot | NoPlot): Plot {
  if (!isDrawn(plot)) throw new Error(plot.empty);
  return plot;
}

interface Series {
  name?: string;
  data: unknown[];
}

export function allSeries({ option }: Plot): Series[] {
  return option.series as unknown as Series[];
}

export function seriesOf(plot: Plot, name: string): Series {
  const found = allSeries(plot).find((one) => one.name === name);
  if (!found) throw new Error(`there is no ${name}`);
  return found;
}
