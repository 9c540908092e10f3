import { useEffect, useRef, useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import type { FoundLine, SearchOutputResponse } from "../../generated/tunewright/v1/metrics_service_pb";
import { Card } from "../../parts/card";
import { Failed, Loading } from "../../parts/notices";
import { metrics } from "../../rpc/clients";
import { type Fault, faultOf, wasLeft } from "../../rpc/fault";
import { trainingPath, useQueryChange } from "../../shell/address";
import { several } from "../../words/numbers";
import { searched } from "./searching";

const PAGE_SIZE = 200;

/** Lines with a text, over the output of all trainings. What is sought stands in the URL. */
export function Output({ job }: { job: string }) {
  const { query } = useLocation();
  const change = useQueryChange();
  const sought = query.line ?? "";
  const isPattern = query.pattern === "1";
  const search = (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    change({ line: String(form.get("line")), pattern: form.get("pattern") ? "1" : "" });
  };
  return (
    <Card title="Search the output of all trainings">
      <form class="filters" onSubmit={search}>
        <label>
          Lines with
          <input type="search" name="line" defaultValue={sought} key={sought} required />
        </label>
        <label class="tick">
          <input type="checkbox" name="pattern" defaultChecked={isPattern} /> regular expression
        </label>
        <button type="submit" class="main">
          Search
        </button>
      </form>
      {sought && <Lines key={`${isPattern} ${sought}`} job={job} sought={sought} isPattern={isPattern} />}
    </Card>
  );
}

interface Sought {
  job: string;
  sought: string;
  isPattern: boolean;
}

function Lines({ job, sought, isPattern }: Sought) {
  const [lines, setLines] = useState<FoundLine[]>([]);
  const [token, setToken] = useState<string>();
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<Fault>();
  const left = useRef(new AbortController());

  async function read(from: string) {
    setBusy(true);
    setFault(undefined);
    try {
      const page = (pageToken: string): Promise<SearchOutputResponse> =>
        metrics.searchOutput(
          {
            job,
            pageSize: PAGE_SIZE,
            pageToken,
            ...(isPattern ? { matches: sought } : { contains: sought }),
          },
          { signal: left.current.signal },
        );
      const { lines: found, next } = await searched(page, from);
      setLines((before) => [...before, ...found]);
      setToken(next);
    } catch (error) {
      if (!wasLeft(error)) setFault(faultOf(error));
    } finally {
      setBusy(false);
    }
  }
  useEffect(() => {
    left.current = new AbortController();
    void read("");
    return () => left.current.abort();
  }, []);

  return (
    <>
      <ol class="lines" aria-label="Lines found">
        {lines.map(({ trainingName, number, line }) => (
          <li key={`${number} ${line?.instance} ${line?.index}`}>
            <a href={trainingPath(trainingName)} title={trainingName}>
              {number}
            </a>
            {line ? (
              <code>{line.text}</code>
            ) : (
              <span class="hint">its output has been removed by retention</span>
            )}
          </li>
        ))}
      </ol>
      {fault && <Failed fault={fault} again={() => void read(token ?? "")} />}
      {busy && <Loading what="Output is searched" />}
      {!busy && !fault && (
        <p class="hint" role="status">
          {lines.length === 0 && !token ? "No line is like that" : `${several(lines.length, "line")} found`}
          {token && " so far "}
          {token && (
            <button type="button" onClick={() => void read(token)}>
              Search on
            </button>
          )}
        </p>
      )}
    </>
  );
}
