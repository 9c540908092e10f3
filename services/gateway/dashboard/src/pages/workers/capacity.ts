import type { TrainerInfo } from "../../generated/tunewright/v1/operations_service_pb";
import { number } from "../../words/numbers";

/** One that is drained stays known while it is away: it is to be given nothing when it comes back. */
export const isConnected = ({ openedAt }: Pick<TrainerInfo, "openedAt">): boolean => openedAt !== undefined;

export function totals(trainers: readonly TrainerInfo[]) {
  return {
    connected: trainers.filter(isConnected).length,
    slots: sum(trainers.map(({ slots }) => slots)),
    gpus: sum(trainers.map(({ gpus }) => gpus)),
    held: sum(trainers.map(({ holding }) => holding.length)),
  };
}

const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);

/** What a trainer has left: "3.5 of 8 CPUs, 12 of 32 GiB, 1 of 2 GPUs"; empty where only slots are counted. */
export function rest({ capacity, free }: Pick<TrainerInfo, "capacity" | "free">): string {
  if (!capacity) return "";
  const parts = [`${number(free?.cpus ?? 0)} of ${number(capacity.cpus)} CPUs`];
  if (capacity.memoryBytes)
    parts.push(`${gibibytes(free?.memoryBytes ?? 0n)} of ${gibibytes(capacity.memoryBytes)} GiB`);
  if (capacity.gpus) parts.push(`${number(free?.gpus ?? 0)} of ${number(capacity.gpus)} GPUs`);
  return parts.join(", ");
}

const gibibytes = (bytes: bigint): string => (Number(bytes) / 2 ** 30).toFixed(1).replace(/\.0$/, "");
