// What the tests of this folder are made of.

import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "../generated/google/rpc/error_details_pb";

/** A failure as the server tells it. */
export const told = (code: Code, reason: string, text = ""): ConnectError =>
  new ConnectError(text, code, undefined, [{ desc: ErrorInfoSchema, value: { reason } }]);

export const GONE = told(Code.NotFound, "NOT_FOUND", "there is no such job");
export const BROKEN = ConnectError.from(new TypeError("Failed to fetch"));
export const DEADLINE = new ConnectError("too late", Code.DeadlineExceeded);

/** A storage of a browser's, as far as it is used. */
export function storage(): Storage {
  const kept: Record<string, string> = Object.create({
    getItem: (name: string) => kept[name] ?? null,
    setItem: (name: string, value: string) => {
      kept[name] = value;
    },
    removeItem: (name: string) => {
      delete kept[name];
    },
  });
  return kept as unknown as Storage;
}
