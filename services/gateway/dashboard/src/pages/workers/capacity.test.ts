import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { expect, test } from "vitest";
import { TrainerInfoSchema } from "../../generated/tunewright/v1/operations_service_pb";
import { isConnected, totals } from "./capacity";

const openedAt = timestampFromMs(1000);
const trainer = (given: MessageInitShape<typeof TrainerInfoSchema>) => create(TrainerInfoSchema, given);

test("a cordoned trainer that is away has no session, and counts for nothing", () => {
  const here = trainer({ trainerId: "a", slots: 2, gpus: 1, holding: ["x-001"], openedAt });
  const away = trainer({ trainerId: "b", cordoned: true });
  expect([here, away].map(isConnected)).toEqual([true, false]);
  expect(totals([here, away])).toEqual({ connected: 1, slots: 2, gpus: 1, held: 1 });
});
