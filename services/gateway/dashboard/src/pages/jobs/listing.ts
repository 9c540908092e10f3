// Which jobs are asked for, as the URL says it.

import { TuningJobOrder } from "../../generated/tunewright/v1/tuning_service_pb";

export const PAGE_SIZE = 50;

export const ORDERS: Record<string, TuningJobOrder> = {
  created: TuningJobOrder.CREATED_AT,
  changed: TuningJobOrder.MODIFIED_AT,
  name: TuningJobOrder.NAME,
  state: TuningJobOrder.STATUS,
};

/** AMT's states, which the server filters by, and what stands for them here. */
export const STATES: Record<string, string> = {
  InProgress: "In progress",
  Completed: "Completed",
  Stopping: "Stopping",
  Stopped: "Stopped",
  Failed: "Failed",
};

export interface Choice {
  name: string;
  state: string;
  /** One of ORDERS, behind a "-" if it goes down. */
  order: string;
  page: string;
}

export function request({ name, state, order, page }: Choice) {
  return {
    pageSize: PAGE_SIZE,
    pageToken: page,
    order: ORDERS[order.replace(/^-/, "")] ?? TuningJobOrder.CREATED_AT,
    descending: order.startsWith("-"),
    nameContains: name,
    stateEquals: state in STATES ? state : "",
    withBest: true,
  };
}

/** What a click on a column's head makes of the order: times begin with the newest, names with A; the next turns it. */
export function turned(order: string, column: string): string {
  const first = column === "created" || column === "changed" ? `-${column}` : column;
  const other = first.startsWith("-") ? column : `-${column}`;
  return order === first ? other : first;
}
