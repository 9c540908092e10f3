import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import type { TuningJob } from "../../generated/tunewright/v1/tuning_service_pb";
import { Badge } from "../../parts/badge";
import { Card } from "../../parts/card";
import { Live } from "../../parts/live";
import { useNow } from "../../parts/now";
import { Chart } from "../../plots/chart";
import { palette } from "../../plots/palette";
import { jobPath, trainingPath } from "../../shell/address";
import { dark } from "../../shell/theme";
import { endedOf } from "../../words/jobs";
import { number } from "../../words/numbers";
import { objectiveText, strategyWord } from "../../words/specs";
import { hasEnded, jobState } from "../../words/states";
import { Definitions } from "../job/definitions";
import { costText, timeText } from "../job/progress";
import { valuesOf } from "./answers";
import { type Best, COMPARED, type Compared } from "./compared-job";
import { Faults } from "./faults";
import { type Group, grouped, partsOf } from "./groups";
import { lines } from "./plots";
import { useAnswers } from "./use-answers";

export function ComparedJobs({ names }: { names: readonly string[] }) {
  const { value, following } = useAnswers(names, COMPARED);
  return (
    <Live value={value} following={following} what="Jobs are read">
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
      <Card title="Best so far">
        <BestSoFar bests={of.flatMap(({ bests }) => bests)} />
      </Card>
      <Card title="Jobs compared">
        <JobFacts jobs={of.map(({ job }) => job)} />
      </Card>
      {of.map(({ job, trials }) => (
        <Definitions
          key={job.uid}
          title={`Best of each definition: ${job.spec?.name}`}
          job={job}
          trials={trials}
        />
      ))}
    </>
  );
}

function BestSoFar({ bests }: { bests: readonly Best[] }) {
  const groups = grouped(bests);
  if (groups.length < 2)
    return (
      <>
        {groups.map((group) => (
          <BestOf key="" group={group} />
        ))}
      </>
    );
  return (
    <>
      <p class="hint">What is sought differs, and cannot stand on one axis. Each has its own.</p>
      {groups.map((group) => {
        const text = objectiveText(group.objective);
        return (
          <section key={text} aria-label={text}>
            <h3>{text}</h3>
            <BestOf group={group} />
          </section>
        );
      })}
    </>
  );
}

function BestOf({ group: { objective, of } }: { group: Group<Best> }) {
  const isDark = dark.value;
  const metric = objective?.metricName ?? "objective";
  const plot = useMemo(
    () =>
      lines(of, palette(), {
        x: "trainings ended",
        y: `best ${metric}`,
        stepped: true,
        empty: "No training has an objective yet.",
      }),
    [...of, metric, isDark],
  );
  return <Chart name={`best-${metric}`} plot={plot} height={340} />;
}

function JobFacts({ jobs }: { jobs: readonly TuningJob[] }) {
  const now = useNow(
    1000,
    jobs.some(({ state }) => !hasEnded(state)),
  );
  const facts: [string, (job: TuningJob) => ComponentChildren][] = [
    ["State", (job) => <Badge of={jobState(job.state)} />],
    ["Strategy", (job) => strategyWord(job.spec?.strategy)],
    ["Objective", objectivesText],
    [
      "Best",
      (job) => job.best && <a href={trainingPath(job.best.name)}>{number(job.best.objectiveValue)}</a>,
    ],
    ["Trainings ended", endedOf],
    ["At once", (job) => job.spec?.limits?.maxParallel],
    ["Time", (job) => timeText(job, now)],
    ["Cost", costText],
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

const objectivesText = ({ spec }: TuningJob): string =>
  grouped(partsOf(spec))
    .map(({ objective }) => objectiveText(objective))
    .join(", ");
