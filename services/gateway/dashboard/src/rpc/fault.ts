// What went wrong, as the server tells it: a stable reason, a sentence, and for a wrong input the field and its remedy.

import { Code, ConnectError } from "@connectrpc/connect";
import { codeToString } from "@connectrpc/connect/protocol-connect";
import { BadRequestSchema, ErrorInfoSchema } from "../generated/google/rpc/error_details_pb";

export interface Fault {
  /** INVALID_SPEC, NOT_FOUND, ...; UNAVAILABLE also if no server answers. */
  reason: string;
  text: string;
  /** Of a wrong input; else empty. */
  field: string;
}

// A broken connection is Unknown to the client, and what a service was asked while it ended is Canceled.
const UNANSWERED: readonly Code[] = [Code.Unavailable, Code.Unknown, Code.Canceled];

export function faultOf(error: unknown): Fault {
  const failed = ConnectError.from(error);
  const [info] = failed.findDetails(ErrorInfoSchema);
  const [bad] = failed.findDetails(BadRequestSchema);
  const [violation] = bad?.fieldViolations ?? [];
  // Only a call fails with a ConnectError: what this page does wrong is not told as the server's silence.
  if (!info && error instanceof ConnectError && UNANSWERED.includes(failed.code))
    return { reason: "UNAVAILABLE", text: "There is no answer from the server.", field: "" };
  if (!info && failed.code === Code.Unauthenticated)
    return {
      reason: "UNAUTHENTICATED",
      text: "A proxy before the server asks for a sign-in of its own.",
      field: "",
    };
  return {
    reason: info?.reason ?? codeToString(failed.code).toUpperCase(),
    text: failed.rawMessage,
    field: violation?.field ?? "",
  };
}

const LASTING = new Set([
  "INVALID_SPEC",
  "INVALID_ARGUMENT",
  "NOT_FOUND",
  "ILLEGAL_TRANSITION",
  "FAILED_PRECONDITION",
  "UNAUTHENTICATED",
  "PERMISSION_DENIED",
  "UNIMPLEMENTED",
]);

/** The same question gets the same answer: no use in asking again. All else passes. */
export const lasts = ({ reason }: Fault): boolean => LASTING.has(reason);

const UNSETTLED = new Set(["UNAVAILABLE", "DEADLINE_EXCEEDED", "INTERNAL", "FAULT"]);

/** Nobody knows whether it was done: it is asked for again under the same request id. */
export const mayBeDone = ({ reason }: Fault): boolean => UNSETTLED.has(reason);

/** The server itself refuses the token; a proxy's 401 says nothing of it. */
export function refusesToken(error: unknown): boolean {
  const [info] = ConnectError.from(error).findDetails(ErrorInfoSchema);
  return info?.reason === "UNAUTHENTICATED";
}

/** Nobody waits for it any more: no fault. */
export function wasLeft(error: unknown): boolean {
  return (
    (error instanceof DOMException && error.name === "AbortError") ||
    ConnectError.from(error).code === Code.Canceled
  );
}
