// The list as it is now: what was listed, and what the server has told of it since.

import type { TuningJob } from "../../generated/tunewright/v1/tuning_service_pb";
import { jobStatus } from "../../words/states";
import { type Choice, request } from "./listing";

/** A message of the server's. The first one of a connection is empty. */
export interface Told {
  jobs: readonly TuningJob[];
  deleted: readonly string[];
}

/** By uid; undefined: it was deleted. */
export type Changes = ReadonlyMap<string, TuningJob | undefined>;

export function withTold(changes: Changes, { jobs, deleted }: Told): Changes {
  const now = new Map(changes);
  for (const job of jobs) now.set(job.uid, job);
  for (const uid of deleted) now.set(uid, undefined);
  return now;
}

/** The listed jobs, each at its newest: a list may have been read before the change that was told before it came. */
export function current(listed: readonly TuningJob[], changes: Changes): TuningJob[] {
  return listed.flatMap((job) => {
    if (!changes.has(job.uid)) return job;
    const change = changes.get(job.uid);
    if (!change) return [];
    return change.revision > job.revision ? change : job;
  });
}

/** Those changes that a new list does not have yet. What it does not list, the next one tells as new. */
export function stillNewer(changes: Changes, listed: readonly TuningJob[]): Changes {
  const kept = listed.filter(({ uid, revision }) => {
    const change = changes.get(uid);
    return change ? change.revision > revision : changes.has(uid);
  });
  return new Map(kept.map(({ uid }) => [uid, changes.get(uid)]));
}

/** Whether other jobs than those shown may belong there now, or these in another order: the list is to be read again. */
export function outdates(told: Told, shown: readonly TuningJob[], choice: Choice): boolean {
  const { jobs, deleted } = told;
  if (jobs.length === 0 && deleted.length === 0) return true; // connected: before this, changes were missed
  const before = new Map(shown.map((job) => [job.uid, job]));
  if (deleted.some((uid) => before.has(uid))) return true;
  return jobs.some((job) => {
    const was = before.get(job.uid);
    return was ? !fits(job, choice) || moves(was, job, choice) : fits(job, choice);
  });
}

function fits(job: TuningJob, choice: Choice): boolean {
  const { nameContains, stateEquals } = request(choice);
  const named = job.spec?.name.toLowerCase().includes(nameContains.toLowerCase()) ?? false;
  return named && (stateEquals === "" || jobStatus(job.state) === stateEquals);
}

function moves(was: TuningJob, is: TuningJob, { order }: Choice): boolean {
  if (order.endsWith("changed")) return true;
  return order.endsWith("state") && was.state !== is.state;
}
