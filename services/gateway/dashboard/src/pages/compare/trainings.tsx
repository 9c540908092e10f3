import { useMemo } from "preact/hooks";
import type { TuningJobSpec } from "../../generated/tunewright/v1/spec_pb";
import type { TrainingJob } from "../../generated/tunewright/v1/tuning_service_pb";
import { Badge } from "../../parts/badge";
import { Card } from "../../parts/card";
import { Await } from "../../parts/notices";
import { Chart } from "../../plots/chart";
import { palette } from "../../plots/palette";
import { metrics, tuning } from "../../rpc/clients";
import { useLoaded } from "../../rpc/loading";
import { trainingPath, useQuery } from "../../shell/address";
import { dark } from "../../shell/theme";
import { number } from "../../words/numbers";
import { trainingState } from "../../words/states";
import { hyperparameters } from "./differences";
import { type Line, lines } from "./plots";

const POINTS = 500;

interface Compared {
  training: TrainingJob;
  spec: TuningJobSpec | undefined;
}

async function load(name: string, signal: AbortSignal): Promise<Compared> {
  const { training, spec } = await tuning.getTrainingJob({ training: name }, { signal });
  if (!training) throw new Error(`the server's answer has no training ${name}`);
  return { training, spec };
}

async function curve(name: string, metric: string, signal: AbortSignal): Promise<Line> {
  const { measurements } = await metrics.listMeasurements(
    { training: name, metric, maxPoints: POINTS },
    { signal },
  );
  return { name, points: measurements.map(({ step, value }) => [Number(step), value] as const) };
}

export function ComparedTrainings({ names }: { names: readonly string[] }) {
  const key = names.join(",");
  const compared = useLoaded((signal) => Promise.all(names.map((name) => load(name, signal))), [key]);
  return (
    <>
      <Card title="Curves">
        <Await of={compared} what="Trainings are read">
          {(trainings) => <Curves trainings={trainings} />}
        </Await>
      </Card>
      <Card title="Hyperparameters">
        <Await of={compared} what="Trainings are read">
          {(trainings) => <Hyperparameters trainings={trainings.map(({ training }) => training)} />}
        </Await>
      </Card>
    </>
  );
}

function Curves({ trainings }: { trainings: readonly Compared[] }) {
  const all = metricsOf(trainings);
  const [metric, setMetric] = useQuery("metric", all[0]);
  const names = trainings.map(({ training }) => training.name);
  const curves = useLoaded(
    (signal) => Promise.all(names.map((name) => curve(name, metric, signal))),
    [names.join(","), metric],
  );
  const isDark = dark.value;
  const plot = useMemo(
    () =>
      lines(curves.value ?? [], palette(), {
        x: "emission",
        y: metric,
        stepped: false,
        empty: `None of them has emitted ${metric}.`,
      }),
    [curves.value, metric, isDark],
  );
  return (
    <>
      <label class="beside">
        Metric
        <select value={metric} onChange={({ currentTarget }) => setMetric(currentTarget.value)}>
          {all.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <Await of={curves} what="Curves are read">
        {() => <Chart name={`curves-${metric}`} plot={plot} height={320} />}
      </Await>
    </>
  );
}

/** The objective first. */
function metricsOf(trainings: readonly Compared[]): string[] {
  const objectives = trainings.map(({ spec }) => spec?.objective?.metricName ?? "");
  const others = trainings.flatMap(({ training }) => Object.keys(training.finalMetrics).sort());
  return [...new Set([...objectives, ...others])].filter(Boolean);
}

function Hyperparameters({ trainings }: { trainings: readonly TrainingJob[] }) {
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
