// A draft as the tab keeps it. It may be of another version of the dashboard: of that only the text is taken, which is
// the one truth, and the fields are read in it anew.

import type { Draft } from "./draft";
import { METRIC, NOTHING, PARAMETER } from "./fields";

/** Of the fields and what they may say. */
const VERSION = 1;

const PAIR = { name: "", value: "" };
/** What a draft's members are like; an array's are all like its first one. */
const FIELDS = {
  ...NOTHING,
  environment: [PAIR],
  metrics: [METRIC],
  params: [PARAMETER],
  fixed: [PAIR],
  prices: [PAIR],
  tags: [PAIR],
};

export const emptyDraft = (source: string): Draft => ({
  text: "",
  fields: NOTHING,
  by: "text",
  ahead: false,
  source,
});

export const asKept = (draft: Draft): string => JSON.stringify({ ...draft, version: VERSION });

export function readDraft(kept: string): Draft | undefined {
  const found = parsed(kept);
  if (!isObject(found) || typeof found.text !== "string") return undefined;
  const { version, text, fields, by, ahead, source } = found;
  const plain = { ...emptyDraft(typeof source === "string" ? source : ""), text };
  if (version !== VERSION || !isAlike(fields, FIELDS) || typeof ahead !== "boolean") return plain;
  return { ...plain, fields, by: by === "form" ? by : "text", ahead };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isAlike<T>(given: unknown, model: T): given is T {
  if (Array.isArray(model)) return Array.isArray(given) && given.every((one) => isAlike(one, model[0]));
  if (!isObject(model)) return typeof given === typeof model;
  return isObject(given) && Object.entries(model).every(([name, one]) => isAlike(given[name], one));
}

const isObject = (of: unknown): of is Record<string, unknown> => typeof of === "object" && of !== null;
