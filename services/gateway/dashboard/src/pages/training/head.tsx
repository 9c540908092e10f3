import { Badge } from "../../parts/badge";
import { Fact } from "../../parts/fact";
import { useNow } from "../../parts/now";
import { Said } from "../../parts/said";
import { Time } from "../../parts/time";
import { jobPath, trainingPath } from "../../shell/address";
import { number, several } from "../../words/numbers";
import { maximizes, objectiveOf } from "../../words/specs";
import { trainingState } from "../../words/states";
import { duration } from "../../words/times";
import { endWords, spans } from "./ends";
import type { Known } from "./use-training";

export function Title({ of: { training, spec } }: { of: Known }) {
  const objective = objectiveOf(spec, training.definitionName);
  const has = training.objectiveValue !== undefined;
  return (
    <>
      <h1>{training.name}</h1>
      <Badge of={trainingState(training)} />
      {has && (
        <strong title={maximizes(objective) ? "to be maximized" : "to be minimized"}>
          {objective?.metricName} = {number(training.objectiveValue)}
          {training.objectiveError !== undefined && ` ± ${number(training.objectiveError)}`}
        </strong>
      )}
    </>
  );
}

/** What it is, where it stands, and how it ended. */
export function Facts({ of }: { of: Known }) {
  const { training, ended } = of;
  const now = useNow(1000, !ended);
  const { waited, ran } = spans(training, now);
  return (
    <section class="card" aria-label="About this training">
      <Ended of={of} />
      {training.waitingFor && (
        <p class="waiting-for" role="status">
          It waits for {training.waitingFor}
          {training.dueAt && (
            <>
              {" "}
              (until <Time at={training.dueAt} />)
            </>
          )}
          .
        </p>
      )}
      <dl class="facts">
        <Fact name="Tuning job">
          {training.jobName ? <a href={jobPath(training.jobName)}>{training.jobName}</a> : "none: by itself"}
        </Fact>
        <Fact name="Number">{training.number}</Fact>
        <Fact name="Definition">{training.definitionName}</Fact>
        <Fact name="Attempt">{training.attempt || ""}</Fact>
        <Fact name={ended ? "Ran on" : "Runs on"}>{training.holder}</Fact>
        <Fact name="Created">
          <Time at={training.createdAt} />
        </Fact>
        <Fact name="Waited">{waited === undefined ? "" : duration(waited)}</Fact>
        <Fact name={ended ? "Ran" : "Runs for"}>{ran === undefined ? "" : duration(ran)}</Fact>
        <Fact name="Ended">{training.endedAt && <Time at={training.endedAt} />}</Fact>
        <Fact name="Exit code">{training.exitCode}</Fact>
        <Fact name="Cost">{training.cost ? number(training.cost) : ""}</Fact>
        <Fact name="Emissions">{training.steps ? training.steps.toLocaleString("en") : ""}</Fact>
        <Fact name="Bracket">{training.rungs.length > 0 && training.bracket}</Fact>
        <Fact name="Rungs">{training.rungs.join(", ")}</Fact>
        <Fact name="Repeats">
          {training.repeats !== undefined && (
            <a href={trainingPath(`${training.uid}/${training.repeats}`)}>training {training.repeats}</a>
          )}
        </Fact>
        <Fact name="Trainers lost">{training.losses || ""}</Fact>
        <Fact name="Retries">{training.retries || ""}</Fact>
        <Tags tags={training.tags} />
      </dl>
    </section>
  );
}

function Ended({ of: { training, ended } }: { of: Known }) {
  if (!ended) return null;
  const words = endWords(training);
  const early = training.stoppedEarly;
  const failed = trainingState(training).tone === "bad";
  if (!words && !training.reason && !early) return null;
  return (
    <div class={failed ? "end failed" : "end"}>
      {words && <strong>{words}</strong>}
      {early ? (
        <p>
          Stopped early by the rule “{early.rule}”: {early.text}
          {early.compared.length > 0 && ` (${several(early.compared.length, "training")} compared)`}
        </p>
      ) : (
        training.reason && (
          <p class="printed">
            <Said text={training.reason} />
          </p>
        )
      )}
    </div>
  );
}

function Tags({ tags }: { tags: Readonly<Record<string, string>> }) {
  const all = Object.entries(tags);
  return (
    <Fact name="Tags">
      {all.length > 0 &&
        all.map(([name, value]) => (
          <span key={name} class="tag">
            {value ? `${name}: ${value}` : name}
          </span>
        ))}
    </Fact>
  );
}
