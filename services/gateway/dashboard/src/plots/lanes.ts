// Who ran what and when: every attempt of every training as a bar in its trainer's rows.

import { EndCause } from "../generated/tunewright/v1/tuning_service_pb";
import type { Trial } from "../trainings/trials";
import { millis } from "../words/times";
import { isOver, type Outcome, outcome } from "./outcomes";

export interface Bar {
  trial: Trial;
  attempt: number;
  trainer: string;
  /** Milliseconds since 1970. */
  from: number;
  /** Undefined: it is still running. */
  to: number | undefined;
  /** lost: the attempt ended without a result, and the training was run again. */
  end: Outcome | "lost";
}

export interface Lane {
  trainer: string;
  /** In this trainer's rows, from 0: a trainer with two slots has two. */
  slot: number;
  bars: Bar[];
}

export function bars(trials: readonly Trial[]): Bar[] {
  return trials.flatMap((trial) => {
    const before = trial.earlier.flatMap((one): Bar[] => {
      const from = one.startedAt ?? one.grantedAt;
      if (!from || !one.trainerId) return [];
      const to = one.endedAt ? millis(one.endedAt) : undefined;
      const end = one.endCause === EndCause.STOPPED ? "stopped" : "lost";
      return [
        {
          trial,
          attempt: one.number,
          trainer: one.trainerId,
          from: millis(from),
          to: to ?? millis(from),
          end,
        },
      ];
    });
    if (trial.startedAt === undefined || !trial.trainer) return before;
    const last: Bar = {
      trial,
      attempt: trial.attempt,
      trainer: trial.trainer,
      from: trial.startedAt,
      to: isOver(trial) ? (trial.endedAt ?? trial.startedAt) : trial.endedAt,
      end: outcome(trial),
    };
    return [...before, last];
  });
}

/** Put bars that overlap into rows of their own, trainer by trainer. */
export function lanes(all: readonly Bar[], now: number): Lane[] {
  const byTrainer = new Map<string, Bar[]>();
  for (const bar of all) {
    const these = byTrainer.get(bar.trainer);
    if (these) these.push(bar);
    else byTrainer.set(bar.trainer, [bar]);
  }
  return [...byTrainer]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([trainer, these]) => stacked(trainer, these, now));
}

function stacked(trainer: string, these: Bar[], now: number): Lane[] {
  const found: (Lane & { free: number })[] = [];
  for (const bar of these.sort((one, other) => one.from - other.from)) {
    let lane = found.find(({ free }) => free <= bar.from);
    if (!lane) {
      lane = { trainer, slot: found.length, bars: [], free: 0 };
      found.push(lane);
    }
    lane.bars.push(bar);
    lane.free = bar.to ?? now;
  }
  return found;
}
