// Which hyperparameters differ between trainings: what is the same everywhere explains nothing.

import type { TrainingJob } from "../../generated/tunewright/v1/tuning_service_pb";
import { shown } from "../../words/values";

export interface Row {
  name: string;
  /** In order of the trainings; empty: it does not have this one. */
  values: string[];
  differs: boolean;
}

/** All hyperparameters by name, those that differ first. */
export function hyperparameters(trainings: readonly Pick<TrainingJob, "configuration">[]): Row[] {
  const names = new Set(trainings.flatMap(({ configuration }) => Object.keys(configuration)));
  const rows = [...names].sort().map((name): Row => {
    const values = trainings.map(({ configuration }) => shown(configuration[name]));
    return { name, values, differs: new Set(values).size > 1 };
  });
  return [...rows.filter(({ differs }) => differs), ...rows.filter(({ differs }) => !differs)];
}
