import { expect, test } from "vitest";
import type { Draft } from "./draft";
import { NOTHING, PARAMETER } from "./fields";
import { asKept, emptyDraft, readDraft } from "./kept";

const DRAFT: Draft = {
  text: "name: churn\n",
  fields: { ...NOTHING, name: "churn", params: [{ ...PARAMETER, name: "lr" }] },
  by: "form",
  ahead: true,
  source: "from=parent",
};

test("a draft is kept as it is", () => expect(readDraft(asKept(DRAFT))).toEqual(DRAFT));

test.each([
  ["of another version", { ...DRAFT, version: 0 }],
  ["without a field of today's", { ...DRAFT, version: 1, fields: { ...DRAFT.fields, tags: undefined } }],
  ["with a row of other members", { ...DRAFT, version: 1, fields: { ...DRAFT.fields, params: [{ id: 1 }] } }],
])("of a draft %s the text is taken", (_, kept) =>
  expect(readDraft(JSON.stringify(kept))).toEqual({ ...emptyDraft("from=parent"), text: DRAFT.text }));

test.each(["", "{", "null", "7", '{"text": 7}'])("%j is no draft", (kept) =>
  expect(readDraft(kept)).toBeUndefined());
