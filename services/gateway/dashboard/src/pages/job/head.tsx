import type { TrainingJob, TuningJob } from "../../generated/tunewright/v1/tuning_service_pb";
import { Badge } from "../../parts/badge";
import { Fact } from "../../parts/fact";
import { useNow } from "../../parts/now";
import { Progress } from "../../parts/progress";
import { Time } from "../../parts/time";
import { jobPath, trainingPath } from "../../shell/address";
import { endedOf, limitOf } from "../../words/jobs";
import { number } from "../../words/numbers";
import { objectiveOf, objectiveText, strategyWord } from "../../words/specs";
import { hasEnded, jobState } from "../../words/states";
import { costText, progressText, timeText } from "./progress";

/** What a job is, how far it is, and what it has reached. */
export function Facts({ job }: { job: TuningJob }) {
  return (
    <section class="card" aria-label="About this job">
      <Progress done={endedOf(job)} of={limitOf(job)} label="Trainings that have ended">
        {progressText(job)}
      </Progress>
      <dl class="facts">
        <Reached job={job} />
        <Fact name="Objective">{objectiveText(job.spec?.objective)}</Fact>
        <Fact name="Strategy">{strategyWord(job.spec?.strategy)}</Fact>
        <Fact name="Time">
          <Running job={job} />
        </Fact>
        <Fact name="Cost">{costText(job)}</Fact>
        <Fact name="Trainings at once">{job.spec?.limits?.maxParallel ?? 1}</Fact>
        <Fact name="Priority">{job.spec?.priority || ""}</Fact>
        <Fact name="Created">
          <Time at={job.createdAt} /> by {job.owner}
        </Fact>
        <Definitions job={job} />
        <Ancestors job={job} />
        <Tags tags={job.spec?.tags ?? {}} />
      </dl>
    </section>
  );
}

function Running({ job }: { job: TuningJob }) {
  const now = useNow(1000, !hasEnded(job.state));
  return <>{timeText(job, now)}</>;
}

function Reached({ job }: { job: TuningJob }) {
  const { best, recommended, overallBest } = job;
  const evaluated = job.evaluated.find((item) => item.number === recommended?.number);
  return (
    <>
      <Fact name="Best so far">
        {best ? <Result job={job} of={best} strong /> : "no training has a value yet"}
      </Fact>
      {recommended && recommended.number !== best?.number && (
        <Fact name="Recommended">
          <Result job={job} of={recommended} />
          {evaluated && `, mean ${number(evaluated.mean)} of ${evaluated.count}`}
        </Fact>
      )}
      {overallBest && overallBest.name !== best?.name && (
        <Fact name="Better still, in a parent">
          <Result job={job} of={overallBest} />
        </Fact>
      )}
    </>
  );
}

function Result({ job, of, strong = false }: { job: TuningJob; of: TrainingJob; strong?: boolean }) {
  const metric = objectiveOf(job.spec, of.definitionName)?.metricName;
  const value = `${metric} = ${number(of.objectiveValue)}`;
  return (
    <>
      {strong ? <strong>{value}</strong> : value} <a href={trainingPath(of.name)}>{of.name}</a>
    </>
  );
}

function Definitions({ job }: { job: TuningJob }) {
  const definitions = job.spec?.definitions ?? [];
  return (
    <Fact name={definitions.length > 1 ? "Definitions" : "Program"}>
      {definitions.map(({ name, image, algorithmName }, at) => (
        <span key={name} title={image}>
          {at > 0 && ", "}
          {name || algorithmName || <code>{shortImage(image)}</code>}
        </span>
      ))}
    </Fact>
  );
}

/** Its last part tells most; the whole stands behind it. */
const shortImage = (image: string): string => image.split("/").filter(Boolean).slice(-2).join("/");

function Ancestors({ job }: { job: TuningJob }) {
  const extended = job.parents.find(({ uid }) => uid === job.extends);
  const parents = job.parents.filter(({ uid }) => uid !== job.extends);
  const link = ({ uid, name }: { uid: string; name: string }) => (
    <a key={uid} class="parent" href={jobPath(name || uid)}>
      {name || uid}
    </a>
  );
  return (
    <>
      <Fact name="Goes on from">
        {job.extends ? link(extended ?? { uid: job.extends, name: "" }) : undefined}
      </Fact>
      <Fact name="Learns from">{parents.length > 0 ? parents.map(link) : undefined}</Fact>
    </>
  );
}

function Tags({ tags }: { tags: Record<string, string> }) {
  const all = Object.entries(tags);
  return (
    <Fact name="Tags">
      {all.length > 0
        ? all.map(([name, value]) => (
            <span key={name} class="tag">
              {value ? `${name}: ${value}` : name}
            </span>
          ))
        : undefined}
    </Fact>
  );
}

/** The job's name and state, and in a sentence why it is in it. */
export function Title({ job }: { job: TuningJob }) {
  return (
    <>
      <h1>{job.spec?.name}</h1>
      <Badge of={jobState(job.state)} />
      {job.reason && <span class="hint">{job.reason}</span>}
    </>
  );
}
