import { expect, test } from "vitest";
import { titleOf } from "./title";

const PAGES = [
  { path: "/jobs", word: "Jobs" },
  { path: "/workers", word: "Workers" },
];

test.each([
  ["/", "Jobs · Tunewright"],
  ["/jobs", "Jobs · Tunewright"],
  ["/jobs/churn", "churn · Tunewright"],
  ["/trainings/uid%2F7", "uid/7 · Tunewright"],
  ["/jobs/%", "% · Tunewright"],
  ["/nowhere", "Tunewright"],
])("the tab of %s is called %s", (path, title) => expect(titleOf(path, PAGES)).toBe(title));
