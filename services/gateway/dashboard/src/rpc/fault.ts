// What went wrong, as the server tells it: a stable reason, a sentence, and for a wrong input the field and its remedy.

import { Code, ConnectError } from "@connectrpc/connect";
import { BadRequestSchema, ErrorInfoSchema } from "../generated/google/rpc/error_details_pb";
import { forgetToken } from "./token";

export interface Fault {
  /** INVALID_SPEC, NOT_FOUND, ...; UNAVAILABLE also if no server answers. */
  reason: string;
  text: string;
  /** Of a wrong input; else empty. */
  field: string;
}

export function faultOf(error: unknown): Fault {
  const failed = ConnectError.from(error);
  if (failed.code === Code.Unauthenticated) forgetToken();
  const [info] = failed.findDetails(ErrorInfoSchema);
  const [bad] = failed.findDetails(BadRequestSchema);
  const [violation] = bad?.fieldViolations ?? [];
  if (failed.code === Code.Unavailable && !info)
    return {
      reason: "UNAVAILABLE",
      text: "The server does not answer. This page goes on as soon as it does.",
      field: "",
    };
  return {
    reason: info?.reason ?? Code[failed.code].toUpperCase(),
    text: failed.rawMessage,
    field: violation?.field ?? "",
  };
}

/** Nobody waits for it any more: no fault. */
export function wasLeft(error: unknown): boolean {
  return (
    (error instanceof DOMException && error.name === "AbortError") ||
    ConnectError.from(error).code === Code.Canceled
  );
}
