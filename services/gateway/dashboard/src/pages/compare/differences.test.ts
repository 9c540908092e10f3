import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { ValueSchema } from "../../generated/tunewright/v1/spec_pb";
import { hyperparameters } from "./differences";

const float = (value: number) => create(ValueSchema, { kind: { case: "floatValue", value } });
const text = (value: string) => create(ValueSchema, { kind: { case: "textValue", value } });

test("what differs comes first, and what one does not have is empty", () => {
  const rows = hyperparameters([
    { configuration: { lr: float(0.1), kind: text("adam") } },
    { configuration: { lr: float(0.1), kind: text("sgd"), momentum: float(0.9) } },
  ]);
  expect(rows).toEqual([
    { name: "kind", values: ["adam", "sgd"], differs: true },
    { name: "momentum", values: ["", "0.9"], differs: true },
    { name: "lr", values: ["0.1", "0.1"], differs: false },
  ]);
});
