// What the cards of a job's plots have in common.

import type { ComponentChildren } from "preact";
import { useCallback } from "preact/hooks";
import { useLocation } from "preact-iso";
import type { TuningJob } from "../../generated/tunewright/v1/tuning_service_pb";
import { Card } from "../../parts/card";
import { trainingPath } from "../../shell/address";
import type { Trial } from "../../trainings/trials";
import type { Axis } from "../axes";
import { found } from "../history";
import { numberOf } from "../look";
import { OnScreen } from "../on-screen";
import type { Subject } from "../subject";

export interface Of {
  job: TuningJob;
  /** Of the definition that is looked at, by number. */
  trials: readonly Trial[];
  subject: Subject;
  /** Of all hyperparameters that these trainings have. */
  axes: readonly Axis[];
}

interface Props {
  title: string;
  height: number;
  wide?: boolean;
  children: () => ComponentChildren;
}

/** A card whose content is made once it is on screen. */
export function PlotCard({ title, height, wide, children }: Props) {
  return (
    <div class={wide ? "plot-card wide-card" : "plot-card"}>
      <Card title={title}>
        <OnScreen height={height}>{children}</OnScreen>
      </Card>
    </div>
  );
}

/** Opens the training whose mark was clicked. */
export function useOpening(trials: readonly Trial[]): (data: unknown) => void {
  const { route } = useLocation();
  return useCallback(
    (data) => {
      const number = numberOf(data);
      const trial = number === undefined ? undefined : found(trials, number);
      if (trial) route(trainingPath(trial.name));
    },
    [trials, route],
  );
}
