import { useEffect, useState } from "preact/hooks";
import { useLocation } from "preact-iso";
import type { TuningJob } from "../../generated/tunewright/v1/tuning_service_pb";
import { Card } from "../../parts/card";
import { Stale } from "../../parts/live";
import { Await, Empty } from "../../parts/notices";
import { tuning } from "../../rpc/clients";
import { type Following, useFollowing } from "../../rpc/following";
import { type Loaded, useLoaded } from "../../rpc/loading";
import { useQuery, useQueryChange } from "../../shell/address";
import { type Changes, current, outdates, stillNewer, withTold } from "./current";
import { type Choice, request, STATES } from "./listing";
import { JobTable } from "./table";
import { useAgain } from "./use-again";

/** All tuning jobs of the caller, page by page, as they are now. */
export default function Jobs() {
  const [name] = useQuery("name");
  const [state] = useQuery("state");
  const [order] = useQuery("order", "-created");
  const [page] = useQuery("page");
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const choice = { name, state, order, page };
  const listed = useLoaded(
    (signal) => tuning.listTuningJobs(request(choice), { signal }),
    [name, state, order, page],
  );
  const { jobs, following } = useCurrent(listed, choice);
  const filtered = Boolean(name || state);
  return (
    <Card title="Tuning jobs" actions={<Filters chosen={chosen} />}>
      {listed.value && <Stale following={following} />}
      <Await of={listed} what="Jobs are read">
        {({ nextPageToken }) =>
          jobs.length === 0 ? (
            <NoJobs filtered={filtered} />
          ) : (
            <>
              <JobTable jobs={jobs} order={order} chosen={chosen} onChoose={setChosen} />
              <Pages page={page} next={nextPageToken} />
            </>
          )
        }
      </Await>
    </Card>
  );
}

interface Current {
  jobs: readonly TuningJob[];
  following: Following;
}

/** Keep the jobs listed as they are now: the server sends those that change, and the list is read again where it must. */
function useCurrent(listed: Loaded<{ jobs: TuningJob[] }>, choice: Choice): Current {
  const [changes, setChanges] = useState<Changes>(new Map());
  const readAgain = useAgain(listed);
  const jobs = listed.value?.jobs ?? [];
  useEffect(() => setChanges((before) => stillNewer(before, jobs)), [listed.value]);
  const shown = current(jobs, changes);
  const following = useFollowing(
    (signal) => tuning.watchTuningJobs({}, { signal }),
    (told) => {
      if (outdates(told, shown, choice)) readAgain();
      setChanges((before) => withTold(before, told));
    },
    [],
  );
  return { jobs: shown, following };
}

function Filters({ chosen }: { chosen: ReadonlySet<string> }) {
  const [name] = useQuery("name");
  const [state] = useQuery("state");
  const change = useQueryChange();
  return (
    <>
      {chosen.size > 1 && (
        <a class="button" href={`/compare?jobs=${[...chosen].map(encodeURIComponent).join(",")}`}>
          Compare {chosen.size}
        </a>
      )}
      <input
        type="search"
        aria-label="Name contains"
        placeholder="Name contains"
        value={name}
        onInput={({ currentTarget }) => change({ name: currentTarget.value, page: "" })}
      />
      <select
        aria-label="State"
        value={state}
        onChange={({ currentTarget }) => change({ state: currentTarget.value, page: "" })}
      >
        <option value="">All states</option>
        {Object.entries(STATES).map(([value, word]) => (
          <option key={value} value={value}>
            {word}
          </option>
        ))}
      </select>
    </>
  );
}

function Pages({ page, next }: { page: string; next: string }) {
  const { route } = useLocation();
  if (!page && !next) return null;
  const to = (token: string) => {
    const query = new URLSearchParams(location.search);
    token ? query.set("page", token) : query.delete("page");
    route(`/jobs?${query}`); // into the history: one goes back by the browser's own button
  };
  return (
    <nav class="pages" aria-label="Pages of the list">
      <button type="button" disabled={!page} onClick={() => to("")}>
        First page
      </button>
      <button type="button" disabled={!next} onClick={() => to(next)}>
        Next page
      </button>
    </nav>
  );
}

function NoJobs({ filtered }: { filtered: boolean }) {
  if (filtered)
    return (
      <Empty title="No job is like that">
        <p>
          <a href="/jobs">All tuning jobs</a>
        </p>
      </Empty>
    );
  return (
    <Empty title="There are no tuning jobs yet">
      <p>
        <a href="/new">Make one here</a>, or on the command line: <code>tunewright tune train.py</code>
      </p>
    </Empty>
  );
}
