// Failed trainings by why they failed: many fail for the same reason.

import type { TrainingJob } from "../../generated/tunewright/v1/tuning_service_pb";

export interface Failure {
  reason: string;
  count: number;
  /** The last one that failed so. */
  example: string;
}

/** Reasons that differ only in numbers, ids and paths are one. The most frequent first. */
export function byReason(failed: Iterable<Pick<TrainingJob, "name" | "number" | "reason">>): Failure[] {
  const groups = new Map<string, Failure & { last: number }>();
  for (const { name, number, reason } of failed) {
    const said = reason || "no reason is known";
    const kind = kindOf(said);
    const group = groups.get(kind) ?? { reason: said, count: 0, example: name, last: 0 };
    const newer = number > group.last ? { reason: said, example: name, last: number } : {};
    groups.set(kind, { ...group, ...newer, count: group.count + 1 });
  }
  return [...groups.values()]
    .sort((one, other) => other.count - one.count || other.last - one.last)
    .map(({ reason, count, example }) => ({ reason, count, example }));
}

const kindOf = (reason: string): string =>
  reason
    .replace(/(?:\/[^\s/:'"]+){2,}/g, "/…")
    .replace(/\b[0-9a-f]{8,}\b/g, "#")
    .replace(/(?<!exit code )\d+(?:\.\d+)?/g, "#");
