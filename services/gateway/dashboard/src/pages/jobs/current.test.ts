import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { JobState, type TuningJob, TuningJobSchema } from "../../generated/tunewright/v1/tuning_service_pb";
import { current, outdates, stillNewer, withTold } from "./current";

const job = (uid: string, revision = 1, state = JobState.RUNNING): TuningJob =>
  create(TuningJobSchema, { uid, revision: BigInt(revision), state, spec: { name: uid } });
const told = (jobs: TuningJob[], deleted: string[] = []) => ({ jobs, deleted });
const states = (jobs: TuningJob[]) => jobs.map(({ uid, state }) => [uid, JobState[state]]);
const PLAIN = { name: "", state: "", order: "-created", page: "" };

test("a change stays when a list comes that was read before it, and goes when a newer one comes", () => {
  const done = job("a", 5, JobState.COMPLETED);
  const changes = withTold(new Map(), told([done], ["b"]));
  const older = [job("a", 4), job("b")];
  expect(states(current(older, changes))).toEqual([["a", "COMPLETED"]]);
  const kept = stillNewer(changes, older);
  expect(states(current(older, kept))).toEqual([["a", "COMPLETED"]]);
  const newer = [job("a", 6, JobState.FAILED)];
  expect(states(current(newer, kept))).toEqual([["a", "FAILED"]]);
  expect(stillNewer(kept, newer).size).toBe(0);
});

test("each connection begins with an empty message, and then the list is read again", () => {
  expect(outdates(told([]), [job("a")], PLAIN)).toBe(true);
});

test("the list is read again when a job comes into it or leaves it", () => {
  const running = { ...PLAIN, state: "InProgress" };
  const again = (changed: TuningJob, choice = running) => outdates(told([changed]), [job("a")], choice);
  expect(again(job("a", 2))).toBe(false);
  expect(again(job("a", 2, JobState.COMPLETED))).toBe(true);
  expect(again(job("b", 2))).toBe(true);
  expect(again(job("b", 2, JobState.COMPLETED))).toBe(false);
  expect(again(job("b", 2), { ...PLAIN, name: "churn" })).toBe(false);
  expect(again(job("b", 2), { ...PLAIN, name: "B" })).toBe(true);
  expect(outdates(told([], ["a"]), [job("a")], PLAIN)).toBe(true);
  expect(outdates(told([], ["b"]), [job("a")], PLAIN)).toBe(false);
});

test("it is read again when what changed stands elsewhere in its order", () => {
  const again = (changed: TuningJob, order: string) =>
    outdates(told([changed]), [job("a")], { ...PLAIN, order });
  expect(again(job("a", 2), "-changed")).toBe(true);
  expect(again(job("a", 2), "state")).toBe(false);
  expect(again(job("a", 2, JobState.PAUSED), "state")).toBe(true);
});
