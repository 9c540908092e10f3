import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import { faultOf, lasts, mayBeDone, refusesToken } from "./fault";
import { told } from "./made";

test.each([
  ["a broken connection", ConnectError.from(new TypeError("Failed to fetch"))],
  ["a proxy without a server", new ConnectError("HTTP 503", Code.Unavailable)],
  ["a service that ends", new ConnectError("", Code.Canceled)],
])("%s is a server that does not answer, and nobody knows what was done", (_, error) => {
  const fault = faultOf(error);
  expect(fault).toMatchObject({ reason: "UNAVAILABLE", text: expect.stringContaining("no answer") });
  expect(mayBeDone(fault)).toBe(true);
  expect(lasts(fault)).toBe(false);
});

test("what the server says is told as it says it", () => {
  expect(faultOf(told(Code.Unavailable, "UNAVAILABLE", "metrics is unavailable")).text).toBe(
    "metrics is unavailable",
  );
  expect(faultOf(told(Code.NotFound, "NOT_FOUND", "there is no job")).reason).toBe("NOT_FOUND");
});

test("what the page does wrong is not told as the server's silence", () =>
  expect(faultOf(new Error("no spec"))).toEqual({ reason: "UNKNOWN", text: "no spec", field: "" }));

test.each([
  [Code.Internal, false, true],
  [Code.DeadlineExceeded, false, true],
  [Code.ResourceExhausted, false, false],
  [Code.Aborted, false, false],
  [Code.NotFound, true, false],
  [Code.InvalidArgument, true, false],
  [Code.PermissionDenied, true, false],
  [Code.Unimplemented, true, false],
  [Code.FailedPrecondition, true, false],
  [Code.Unauthenticated, true, false],
])("code %i lasts: %s, may be done: %s", (code, lasting, unsettled) => {
  const fault = faultOf(new ConnectError("", code));
  expect([lasts(fault), mayBeDone(fault)]).toEqual([lasting, unsettled]);
});

test("only the server itself refuses a token", () => {
  expect(refusesToken(told(Code.Unauthenticated, "UNAUTHENTICATED"))).toBe(true);
  expect(refusesToken(new ConnectError("HTTP 401", Code.Unauthenticated))).toBe(false);
  expect(faultOf(new ConnectError("HTTP 401", Code.Unauthenticated)).text).toContain("proxy");
});
