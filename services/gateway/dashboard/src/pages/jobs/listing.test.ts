import { expect, test } from "vitest";
import { TuningJobOrder } from "../../generated/tunewright/v1/tuning_service_pb";
import { request, turned } from "./listing";

test("the URL's choice becomes the server's", () => {
  const asked = request({ name: "churn", state: "Failed", order: "-changed", page: "t" });
  expect(asked).toMatchObject({
    nameContains: "churn",
    stateEquals: "Failed",
    order: TuningJobOrder.MODIFIED_AT,
    descending: true,
    pageToken: "t",
  });
});

test("what a mistyped URL asks for is the plain list", () => {
  const asked = request({ name: "", state: "Nonsense", order: "size", page: "" });
  expect(asked).toMatchObject({ stateEquals: "", order: TuningJobOrder.CREATED_AT });
});

test("a column's head orders by it, and then turns the order round", () => {
  expect(turned("-created", "created")).toBe("created");
  expect(turned("-created", "name")).toBe("name");
  expect(turned("name", "name")).toBe("-name");
  expect(turned("name", "changed")).toBe("-changed");
});
