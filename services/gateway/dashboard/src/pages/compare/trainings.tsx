import type { TuningJobSpec } from "../../generated/tunewright/v1/spec_pb";
import type { TrainingJob } from "../../generated/tunewright/v1/tuning_service_pb";
import { Badge } from "../../parts/badge";
import { Card } from "../../parts/card";
import { Live } from "../../parts/live";
import { tuning } from "../../rpc/clients";
import { trainingPath } from "../../shell/address";
import { number } from "../../words/numbers";
import { objectiveOf, objectiveText } from "../../words/specs";
import { trainingHasEnded, trainingState } from "../../words/states";
import { type Question, valuesOf } from "./answers";
import { Curves } from "./curves";
import { hyperparameters } from "./differences";
import { Faults } from "./faults";
import { useAnswers } from "./use-answers";

export interface Compared {
  training: TrainingJob;
  spec: TuningJobSpec | undefined;
}

const COMPARED: Question<Compared> = {
  load: async (name, _before, signal) => {
    const { training, spec } = await tuning.getTrainingJob({ training: name }, { signal });
    if (!training) throw new Error(`the server's answer has no training ${name}`);
    return { training, spec };
  },
  isFinal: ({ training }) => trainingHasEnded(training),
};

export function ComparedTrainings({ names }: { names: readonly string[] }) {
  const { value, following } = useAnswers(names, COMPARED);
  return (
    <Live value={value} following={following} what="Trainings are read">
      {(answers) => (
        <>
          <Faults of={answers} />
          <Comparison of={valuesOf(answers)} />
        </>
      )}
    </Live>
  );
}

function Comparison({ of }: { of: readonly Compared[] }) {
  if (of.length === 0) return null;
  return (
    <>
      <Card title="Curves">
        <Curves of={of} />
      </Card>
      <Card title="Hyperparameters">
        <Hyperparameters of={of} />
      </Card>
    </>
  );
}

function Hyperparameters({ of }: { of: readonly Compared[] }) {
  const trainings = of.map(({ training }) => training);
  return (
    <div class="wide">
      <table>
        <thead>
          <tr>
            <td />
            {trainings.map(({ id, name }) => (
              <th key={id}>
                <a href={trainingPath(name)}>{name}</a>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">State</th>
            {trainings.map((training) => (
              <td key={training.id}>
                <Badge of={trainingState(training)} />
              </td>
            ))}
          </tr>
          <tr>
            <th scope="row">Objective</th>
            {of.map(({ training, spec }) => (
              <td key={training.id}>{objectiveText(objectiveOf(spec, training.definitionName))}</td>
            ))}
          </tr>
          <tr>
            <th scope="row">Its value</th>
            {trainings.map(({ id, objectiveValue }) => (
              <td key={id}>{number(objectiveValue)}</td>
            ))}
          </tr>
          {hyperparameters(trainings).map(({ name, values, differs }) => (
            <tr key={name} class={differs ? "differs" : undefined}>
              <th scope="row">{name}</th>
              {values.map((value, at) => (
                <td key={trainings[at]?.id}>{value}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
