import { useState } from "preact/hooks";
import type { TrainingAttempt, TrainingJob } from "../../generated/tunewright/v1/tuning_service_pb";
import { Card } from "../../parts/card";
import { Empty } from "../../parts/notices";
import { useNow } from "../../parts/now";
import { Time } from "../../parts/time";
import { duration, millis } from "../../words/times";
import { causeWords, phases } from "./ends";
import type { Known } from "./use-training";

/** Who ran it and when, what it did meanwhile, and what it has left. */
export function Attempts({ of }: { of: Known }) {
  return (
    <>
      <Course of={of} />
      <Card title="Attempts">
        <Table of={of.training} />
      </Card>
      <Files of={of} />
    </>
  );
}

function Course({ of: { training, ended } }: { of: Known }) {
  const now = useNow(1000, !ended);
  const course = phases(training.transitions, training.endedAt ? millis(training.endedAt) : now);
  return (
    <Card title="Course">
      {course.length === 0 ? (
        <Empty title="Nothing has begun yet" />
      ) : (
        <>
          <div class="course" aria-hidden="true">
            {course.map(({ status, start, share }, at) => (
              <div
                key={`${at} ${start}`}
                class={`phase ${status.toLowerCase()}`}
                style={{ flexGrow: share }}
              />
            ))}
          </div>
          <table class="given" aria-label="Course">
            <thead>
              <tr>
                <th scope="col">Status</th>
                <th scope="col">Began</th>
                <th scope="col" class="number">
                  Took
                </th>
                <th scope="col">What</th>
              </tr>
            </thead>
            <tbody>
              {course.map(({ status, message, start, ms }, at) => (
                <tr key={`${at} ${start}`}>
                  <th scope="row">
                    <i class={`phase mark ${status.toLowerCase()}`} aria-hidden="true" /> {status}
                  </th>
                  <td>{new Date(start).toLocaleTimeString("en-GB")}</td>
                  <td class="number">{duration(ms)}</td>
                  <td>{message}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
    </Card>
  );
}

function Table({ of: training }: { of: TrainingJob }) {
  const first = training.attempts[0]?.number ?? 1;
  if (training.attempts.length === 0) return <Empty title="No trainer was given it yet" />;
  return (
    <div class="wide">
      {first > 1 && <p class="hint">The first {first - 1} are not kept.</p>}
      <table>
        <thead>
          <tr>
            <th scope="col">Attempt</th>
            <th scope="col">Trainer</th>
            <th scope="col">Given</th>
            <th scope="col" class="number">
              Ran
            </th>
            <th scope="col">End</th>
            <th scope="col" class="number">
              Exit code
            </th>
            <th scope="col">Reason</th>
          </tr>
        </thead>
        <tbody>
          {training.attempts.map((attempt) => (
            <tr key={attempt.number}>
              <th scope="row">{attempt.number}</th>
              <td>
                {attempt.trainerId}
                {attempt.host && attempt.host !== attempt.trainerId && <div class="hint">{attempt.host}</div>}
              </td>
              <td>
                <Time at={attempt.grantedAt} />
              </td>
              <td class="number">{ranWords(attempt)}</td>
              <td>{attempt.endedAt ? causeWords(attempt.endCause) || "A person ended it" : "It runs"}</td>
              <td class="number">{attempt.exitCode}</td>
              <td class="printed">{attempt.reason}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function ranWords({ startedAt, grantedAt, endedAt }: TrainingAttempt): string {
  const begin = startedAt ?? grantedAt;
  return begin && endedAt ? duration(Math.max(0, millis(endedAt) - millis(begin))) : "";
}

function Files({ of: { training, definition } }: { of: Known }) {
  const files = [
    ["Model", training.artifactUri],
    ["Checkpoints", definition?.checkpointUri ?? ""],
    ["Program", definition?.image ?? ""],
  ].filter(([, uri]) => uri);
  return (
    <Card title="Files">
      {!training.artifactUri && <p class="hint">It has left no model{training.endedAt ? "" : " yet"}.</p>}
      <table class="given" aria-label="Files">
        <tbody>
          {files.map(([name = "", uri = ""]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td class="printed">
                <code>{uri}</code>
              </td>
              <td>
                <Copy text={uri} what={name} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Card>
  );
}

/** Where the page came by plain HTTP from another host, the browser has no clipboard: the text is there to be marked. */
function Copy({ text, what }: { text: string; what: string }) {
  const [copied, setCopied] = useState(false);
  if (!navigator.clipboard) return null;
  const copy = () => void navigator.clipboard.writeText(text).then(() => setCopied(true));
  return (
    <button type="button" aria-label={`Copy the place of: ${what}`} onClick={copy}>
      {copied ? "Copied" : "Copy"}
    </button>
  );
}
