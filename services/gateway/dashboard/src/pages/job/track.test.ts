import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { BadRequestSchema } from "../../generated/google/rpc/error_details_pb";
import {
  GetTuningJobResponseSchema,
  ListTrainingColumnsResponseSchema,
  TrainingState,
  WatchTuningJobResponseSchema,
} from "../../generated/tunewright/v1/tuning_service_pb";
import { type Calls, Track } from "./track";

const { RUNNING, COMPLETED } = TrainingState;
const columns = (trainings: Record<number, TrainingState>) => ({
  numbers: Object.keys(trainings).map(Number),
  states: Object.values(trainings),
});

type Message = MessageInitShape<typeof WatchTuningJobResponseSchema>;

/** A server that answers as it is told, and notes what it is asked. */
function server(watches: (Message | Error)[][], pages: Record<number, TrainingState>[] = [{ 1: RUNNING }]) {
  const asked: string[] = [];
  const calls: Calls = {
    getTuningJob: async () => create(GetTuningJobResponseSchema, { job: { uid: "u", revision: 1n } }),
    listTrainingColumns: async ({ pageToken }) => {
      const at = Number(pageToken || 0);
      asked.push(`page ${at}`);
      return create(ListTrainingColumnsResponseSchema, {
        columns: columns(pages[at] ?? {}),
        position: at === 0 ? "first" : "",
        nextPageToken: at + 1 < pages.length ? String(at + 1) : "",
      });
    },
    watchTuningJob: async function* ({ since }) {
      asked.push(`since ${since}`);
      for (const message of watches.shift() ?? []) {
        if (message instanceof Error) throw message;
        yield create(WatchTuningJobResponseSchema, message);
      }
    },
  };
  return { calls, asked };
}

const gone = () => new AbortController().signal;
const counts = async (track: Track) => {
  const seen: number[] = [];
  for await (const { trials } of track.follow(gone())) seen.push(trials.count);
  return seen;
};

test("pages show as they come, and then changes from the first page's position on", async () => {
  const { calls, asked } = server(
    [[{ columns: columns({ 1: COMPLETED, 4: RUNNING }), position: "second" }]],
    [{ 1: RUNNING, 2: RUNNING }, { 3: RUNNING }],
  );
  const track = new Track(calls, "job");
  expect(await counts(track)).toEqual([0, 2, 3, 4]);
  expect(asked).toEqual(["page 0", "page 1", "since first"]);
  expect(track.trials.get(1)?.state).toBe(COMPLETED);
});

test("after a break it goes on from the last change, and lists nothing again", async () => {
  const { calls, asked } = server([
    [{ columns: columns({ 2: RUNNING }), position: "second" }, new ConnectError("gone", Code.Unavailable)],
    [{ columns: columns({ 2: COMPLETED }), position: "third" }],
  ]);
  const track = new Track(calls, "job");
  await expect(counts(track)).rejects.toThrow("gone");
  expect(await counts(track)).toEqual([2]);
  expect(asked).toEqual(["page 0", "since first", "since second"]);
  expect(track.trials.get(2)?.state).toBe(COMPLETED);
});

test("a job that has taken another's name is begun anew", async () => {
  const error = new ConnectError("since: is no position", Code.InvalidArgument, undefined, [
    { desc: BadRequestSchema, value: { fieldViolations: [{ field: "since" }] } },
  ]);
  const { calls, asked } = server([[error], [{ columns: columns({ 1: COMPLETED }), position: "second" }]]);
  const track = new Track(calls, "job");
  await counts(track);
  expect(asked).toEqual(["page 0", "since first", "page 0", "since first"]);
  expect(track.trials.get(1)?.state).toBe(COMPLETED);
});

test("an answer that is older than what is shown does not turn it back", async () => {
  const { calls } = server([]);
  const track = new Track(calls, "job");
  await counts(track);
  const now = track.job;
  const { job: older } = create(GetTuningJobResponseSchema, { job: { uid: "u", revision: 0n } });
  track.take(older);
  expect(track.job).toBe(now);
});
