import { useMemo } from "preact/hooks";
import { Analysis } from "../../generated/tunewright/v1/metrics_service_pb";
import { Direction, Strategy } from "../../generated/tunewright/v1/spec_pb";
import type { TuningJob } from "../../generated/tunewright/v1/tuning_service_pb";
import { Badge } from "../../parts/badge";
import { Card } from "../../parts/card";
import { Await } from "../../parts/notices";
import { Chart } from "../../plots/chart";
import { palette } from "../../plots/palette";
import { metrics, tuning } from "../../rpc/clients";
import { useLoaded } from "../../rpc/loading";
import { jobPath, trainingPath } from "../../shell/address";
import { dark } from "../../shell/theme";
import { endedOf } from "../../words/jobs";
import { number } from "../../words/numbers";
import { jobState } from "../../words/states";
import { duration, millis } from "../../words/times";
import { type Line, lines } from "./plots";

interface Compared {
  job: TuningJob;
  best: Line;
}

async function load(name: string, signal: AbortSignal): Promise<Compared> {
  const [{ job }, analysed] = await Promise.all([
    tuning.getTuningJob({ job: name, withoutFindings: true }, { signal }),
    metrics.analyze({ job: name, analyses: [Analysis.BEST_SO_FAR] }, { signal }),
  ]);
  if (!job) throw new Error(`the server's answer has no job ${name}`);
  const points = analysed.bestSoFar.map(({ trainings, value }) => [trainings, value] as const);
  const last = points.at(-1);
  if (last && analysed.trainings > last[0]) points.push([analysed.trainings, last[1]]);
  return { job, best: { name, points } };
}

export function ComparedJobs({ names }: { names: readonly string[] }) {
  const compared = useLoaded(
    (signal) => Promise.all(names.map((name) => load(name, signal))),
    [names.join(",")],
  );
  return (
    <>
      <Card title="Best so far">
        <Await of={compared} what="Jobs are read">
          {(jobs) => <BestSoFar jobs={jobs} />}
        </Await>
      </Card>
      <Card title="Jobs compared">
        <Await of={compared} what="Jobs are read">
          {(jobs) => <JobFacts jobs={jobs.map(({ job }) => job)} />}
        </Await>
      </Card>
    </>
  );
}

function BestSoFar({ jobs }: { jobs: readonly Compared[] }) {
  const isDark = dark.value;
  const plot = useMemo(
    () =>
      lines(
        jobs.map(({ best }) => best),
        palette(),
        {
          x: "trainings ended",
          y: "best objective",
          stepped: true,
          empty: "No training has an objective yet.",
        },
      ),
    [jobs, isDark],
  );
  return <Chart name="best-so-far" plot={plot} height={340} />;
}

function JobFacts({ jobs }: { jobs: readonly TuningJob[] }) {
  const facts: [string, (job: TuningJob) => preact.ComponentChildren][] = [
    ["State", (job) => <Badge of={jobState(job.state)} />],
    ["Strategy", (job) => Strategy[job.spec?.strategy ?? Strategy.UNSPECIFIED].toLowerCase()],
    ["Objective", (job) => objective(job)],
    [
      "Best",
      (job) => job.best && <a href={trainingPath(job.best.name)}>{number(job.best.objectiveValue)}</a>,
    ],
    ["Trainings ended", (job) => endedOf(job)],
    ["At once", (job) => job.spec?.limits?.maxParallel],
    ["Took", (job) => took(job)],
    ["Spent", (job) => (job.cost?.spent ? number(job.cost.spent) : "")],
  ];
  return (
    <div class="wide">
      <table>
        <thead>
          <tr>
            <td />
            {jobs.map(({ uid, spec }) => (
              <th key={uid}>
                <a href={jobPath(spec?.name ?? uid)}>{spec?.name}</a>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {facts.map(([name, of]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              {jobs.map((job) => (
                <td key={job.uid}>{of(job)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function objective(job: TuningJob): string {
  const of = job.spec?.objective;
  return of ? `${of.direction === Direction.MAXIMIZE ? "maximize" : "minimize"} ${of.metricName}` : "";
}

function took(job: TuningJob): string {
  if (!job.createdAt) return "";
  return duration((job.endedAt ? millis(job.endedAt) : Date.now()) - millis(job.createdAt));
}
