// The curves of a job's trainings: of an ended job page by page, of a running one as they grow.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Curve, FollowCurvesResponse } from "../../generated/tunewright/v1/metrics_service_pb";
import { Strategy } from "../../generated/tunewright/v1/spec_pb";
import type { TuningJob } from "../../generated/tunewright/v1/tuning_service_pb";
import { metrics } from "../../rpc/clients";
import type { Fault } from "../../rpc/fault";
import { useFollowing } from "../../rpc/following";
import { hasEnded } from "../../words/states";
import { REDRAWN_EVERY_MS } from "../settled";

export interface CurvesOf {
  byNumber: ReadonlyMap<number, Curve>;
  /** There are or may be more, and they come. */
  reading: boolean;
  fault: Fault | undefined;
}

/** Enough for the shape, and ten thousand of them still come in a moment. */
const POINTS = 32;
/** The most that is given: at the rungs the values count, and most of Hyperband's curves are short. */
const HYPERBAND_POINTS = 64;
const PAGE = 200;

/** A new value whenever curves have come, twice a second at the most. */
export function useCurves(job: TuningJob, metric: string, wanted: boolean): CurvesOf {
  const ended = hasEnded(job.state);
  const maxPoints = job.spec?.strategy === Strategy.HYPERBAND ? HYPERBAND_POINTS : POINTS;
  const byNumber = useRef(new Map<number, Curve>());
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const [version, setVersion] = useState(0);

  useEffect(() => {
    byNumber.current = new Map();
    setVersion((before) => before + 1);
    return () => {
      clearTimeout(timer.current);
      timer.current = undefined;
    };
  }, [job.uid, metric, wanted]);

  function take({ curves }: Pick<FollowCurvesResponse, "curves">) {
    for (const curve of curves) byNumber.current.set(curve.number, curve);
    timer.current ??= setTimeout(() => {
      timer.current = undefined;
      setVersion((before) => before + 1);
    }, REDRAWN_EVERY_MS);
  }

  function open(signal: AbortSignal): AsyncIterable<Pick<FollowCurvesResponse, "curves">> {
    if (!wanted) return nothing();
    if (ended) return pages({ job: job.uid, metric, maxPoints }, signal);
    return metrics.followCurves({ job: job.uid, metric, maxPoints }, { signal });
  }

  const following = useFollowing(open, take, [job.uid, metric, wanted, ended]);
  // Of a running job the first message comes at once, curves or none.
  const reading = !wanted || following.state === "waiting" || (ended && following.state === "live");
  const fault = following.state === "refused" ? following.fault : undefined;
  return useMemo(() => ({ byNumber: byNumber.current, reading, fault }), [version, reading, fault]);
}

async function* pages(of: { job: string; metric: string; maxPoints: number }, signal: AbortSignal) {
  let pageToken = "";
  do {
    const page = await metrics.listCurves({ ...of, pageSize: PAGE, pageToken }, { signal });
    yield page;
    pageToken = page.nextPageToken;
  } while (pageToken);
}

async function* nothing(): AsyncGenerator<FollowCurvesResponse> {}
