// What the metrics would read in a log that is pasted here.

import { useMemo, useState } from "preact/hooks";
import { Card } from "../../parts/card";
import { Await } from "../../parts/notices";
import { metrics } from "../../rpc/clients";
import { useLoaded } from "../../rpc/loading";
import { number, several } from "../../words/numbers";
import { useDebounced } from "./draft";
import { useFilling } from "./form-parts";
import { definitionsOf, objectiveOf, readLines, type Tried } from "./tried";

const MOST_SHOWN = 200;

export function Trying() {
  const { fields } = useFilling();
  const [log, setLog] = useState("");
  const { metric, metrics: rows, direction, reading } = fields;
  const asked = useDebounced(
    useMemo(
      () => ({
        text: log,
        definitions: definitionsOf({ metric, metrics: rows }),
        objective: objectiveOf({ metric, direction, reading }),
      }),
      [log, metric, rows, direction, reading],
    ),
  );
  const tried = useLoaded(
    async (signal): Promise<Tried | undefined> => {
      const { text, definitions, objective } = asked;
      if (text === "" || definitions.length === 0) return undefined;
      const request = { metrics: definitions, text, ...(objective && { objective }) };
      return { text, answer: await metrics.tryMetrics(request, { signal }) };
    },
    [asked],
  );
  return (
    <Card title="Try the metrics">
      <label>
        Paste what a training prints
        <textarea
          class="log"
          rows={8}
          wrap="off"
          spellcheck={false}
          value={log}
          onInput={({ currentTarget }) => setLog(currentTarget.value)}
          placeholder={"epoch 1 val_acc=0.91\nepoch 2 val_acc=0.93"}
        />
      </label>
      {log !== "" && (
        <Await of={tried} what="The log is read">
          {(found) => (found ? <Result of={found} /> : <p class="hint">Name the objective metric first.</p>)}
        </Await>
      )}
    </Card>
  );
}

function Result({ of: { text, answer } }: { of: Tried }) {
  const { fields, change } = useFilling();
  const lines = readLines(text, answer.readings);
  const unnamed = Object.entries(answer.unnamed);
  const add = (name: string) => {
    const metrics = [...fields.metrics, { name, found: "json" as const, regex: "" }];
    change(fields.metric === "" ? { metrics, metric: name } : { metrics });
  };
  return (
    <div class="tried">
      <p role="status">
        {answer.objectiveValue === undefined ? (
          <span class="fault">There would be no objective: {answer.objectiveFault}</span>
        ) : (
          <>
            The objective would be <b>{number(answer.objectiveValue)}</b>.
          </>
        )}
      </p>
      {answer.faults.length > 0 && (
        <ul class="plain wrong">
          {answer.faults.map(({ kind, metric, count, example }) => (
            <li key={`${metric} ${kind}`}>
              <span>
                {metric && <code>{metric}</code>} {kind}
                {kind !== "refused" && `, ${several(Number(count), kind === "missing" ? "line" : "time")}`}
                {example && (
                  <>
                    : <code>{example}</code>
                  </>
                )}
              </span>
            </li>
          ))}
        </ul>
      )}
      {unnamed.length > 0 && (
        <p>
          Numbers of JSON lines that nothing reads:{" "}
          {unnamed.map(([name, value]) => (
            <button key={name} type="button" onClick={() => add(name)} title={`Add the metric ${name}`}>
              + {name} = {number(value)}
            </button>
          ))}
        </p>
      )}
      <ol class="plain lines" aria-label="Lines with a metric">
        {lines.slice(0, MOST_SHOWN).map(({ line, parts, readings }) => (
          <li key={line}>
            <span class="hint number">{line + 1}</span>
            <code>
              {parts.map((part, at) => (part.read ? <mark key={at}>{part.text}</mark> : part.text))}
            </code>
            <span class="values">
              {readings.map(({ metric, value, kind }, at) => (
                <span key={at}>
                  {metric} = {kind === "number" ? number(value) : kind}
                </span>
              ))}
            </span>
          </li>
        ))}
      </ol>
      {lines.length > MOST_SHOWN && <p class="hint">and {several(lines.length - MOST_SHOWN, "line")} more</p>}
    </div>
  );
}
