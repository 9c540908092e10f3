// A job and all its trainings, kept as they are on the server: first listed, page after page, then by what changes.

import { type Client, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema } from "../../generated/google/rpc/error_details_pb";
import type { TuningJob, TuningService } from "../../generated/tunewright/v1/tuning_service_pb";
import { Trials } from "../../trainings/trials";

const PAGE_SIZE = 2000;

export type Calls = Pick<
  Client<typeof TuningService>,
  "getTuningJob" | "listTrainingColumns" | "watchTuningJob"
>;

export class Track {
  job: TuningJob | undefined;
  trials = new Trials();
  /** All trainings that there were at the beginning are there. */
  listed = false;
  private nextPage = "";
  private position = "";

  constructor(
    private readonly calls: Calls,
    private readonly name: string,
  ) {}

  /** Take a job as an action has answered it; an older one than is known already is left out. */
  take(job: TuningJob | undefined): void {
    if (job && (this.job?.uid !== job.uid || job.revision >= this.job.revision)) this.job = job;
  }

  /** Goes on from where it was broken off; yields after every change, and ends with the job. */
  async *follow(signal: AbortSignal): AsyncGenerator<Track> {
    try {
      yield* this.list(signal);
      yield* this.watch(signal);
    } catch (error) {
      if (!isOfPosition(error)) throw error;
      this.begin(); // another job has this name now
      yield* this.list(signal);
      yield* this.watch(signal);
    }
  }

  private async *list(signal: AbortSignal): AsyncGenerator<Track> {
    if (this.listed) return;
    const first = this.page(signal);
    if (!this.job) {
      first.catch(() => undefined); // told below, unless the job itself is refused
      this.take((await this.calls.getTuningJob({ job: this.name }, { signal })).job);
      yield this;
    }
    for (let page = first; ; page = this.page(signal)) {
      const { columns, nextPageToken, position } = await page;
      if (columns) this.trials.take(columns);
      this.nextPage = nextPageToken;
      this.position ||= position;
      this.listed = nextPageToken === "";
      yield this;
      if (this.listed) return;
    }
  }

  private async *watch(signal: AbortSignal): AsyncGenerator<Track> {
    const request = { job: this.name, since: this.position, inColumns: true };
    for await (const { job, columns, position } of this.calls.watchTuningJob(request, { signal })) {
      if (job) this.job = job;
      if (columns) this.trials.take(columns);
      this.position = position;
      yield this;
    }
  }

  private page(signal: AbortSignal) {
    return this.calls.listTrainingColumns(
      { job: this.name, pageSize: PAGE_SIZE, pageToken: this.nextPage },
      { signal },
    );
  }

  private begin(): void {
    this.job = undefined;
    this.trials = new Trials();
    this.listed = false;
    this.nextPage = "";
    this.position = "";
  }
}

function isOfPosition(error: unknown): boolean {
  return ConnectError.from(error)
    .findDetails(BadRequestSchema)
    .some(({ fieldViolations }) => fieldViolations.some(({ field }) => field === "since"));
}
