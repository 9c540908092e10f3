import { Analysis, type AnalyzeResponse } from "../../generated/tunewright/v1/metrics_service_pb";
import type { Parameter } from "../../generated/tunewright/v1/spec_pb";
import type { TuningJob } from "../../generated/tunewright/v1/tuning_service_pb";
import { Card } from "../../parts/card";
import { Await } from "../../parts/notices";
import { metrics } from "../../rpc/clients";
import { useLoaded } from "../../rpc/loading";
import { several } from "../../words/numbers";
import { rangeText } from "../../words/specs";
import { hasEnded } from "../../words/states";
import { offered } from "./actions/offered";

/** What could be done better, found in the job's own trainings: looked for at the beginning, at the end and when asked. */
export function Advice({ job }: { job: TuningJob }) {
  const advice = useLoaded(
    (signal) => metrics.analyze({ job: job.uid, analyses: [Analysis.ADVICE] }, { signal }),
    [job.uid, hasEnded(job.state)],
  );
  return (
    <Card
      title="Advice"
      actions={
        <button type="button" disabled={advice.loading} onClick={advice.again}>
          Look again
        </button>
      }
    >
      <Await of={advice} what="The trainings are looked at">
        {(found) => <Found job={job} found={found} />}
      </Await>
    </Card>
  );
}

function Found({ job, found }: { job: TuningJob; found: AnalyzeResponse }) {
  const { advice, narrowed, refused, trainings } = found;
  return (
    <>
      {advice.length > 0 && (
        <ul class="told">
          {advice.map(({ kind, text, remedy, definitionName, suggested }) => (
            <li key={kind + definitionName + suggested?.name}>
              <p>
                {definitionName && <strong>{definitionName}: </strong>}
                {text}
              </p>
              {remedy && <p class="remedy">{remedy}</p>}
              {suggested && <Range parameter={suggested} />}
            </li>
          ))}
        </ul>
      )}
      {narrowed.length > 0 && <Narrowed job={job} found={found} />}
      {refused.map(({ definitionName, reason }) => (
        <p key={definitionName} class="hint">
          {definitionName && `${definitionName}: `}
          {reason}
        </p>
      ))}
      {advice.length + narrowed.length + refused.length === 0 && (
        <p class="hint">Nothing stands out in {several(trainings, "training")}: no advice.</p>
      )}
    </>
  );
}

function Range({ parameter }: { parameter: Parameter }) {
  return (
    <p class="hint">
      Try <code>{parameter.name}</code>: {rangeText(parameter)}
    </p>
  );
}

function Narrowed({ job, found }: { job: TuningJob; found: AnalyzeResponse }) {
  const name = encodeURIComponent(job.spec?.name ?? job.uid);
  return (
    <details>
      <summary>Better ranges for a next job</summary>
      <ul class="told">
        {found.narrowed.map(
          ({ parameter, reason, definitionName }) =>
            parameter && (
              <li key={definitionName + parameter.name}>
                <p>
                  {definitionName && `${definitionName}: `}
                  <code>{parameter.name}</code>: {rangeText(parameter)}
                </p>
                <p class="remedy">{reason}</p>
              </li>
            ),
        )}
      </ul>
      {offered(job).includes("narrow") ? (
        <a class="button" href={`/new?narrow=${name}`}>
          Make a job in these ranges
        </a>
      ) : (
        <p class="hint">A job in these ranges can be made once this one has ended.</p>
      )}
    </details>
  );
}
