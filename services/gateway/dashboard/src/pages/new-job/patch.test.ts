import { expect, test } from "vitest";
import { fresh, type Members, membersIn, patched } from "./patch";

const FILE = `# what I tune
script: /train.py   # mine
maximize: acc
params:
  # the step
  lr: log(1e-4, 1e-1)  # wide
  batch: [32, 64]

# how long
trials: 30  # enough?
`;

const members = (given: Record<string, Members[number][1]>): Members =>
  ["name", "script", "maximize", "minimize", "params", "trials", "tags"].map((name) => [name, given[name]]);
const BEFORE = {
  script: "/train.py",
  maximize: "acc",
  params: [
    ["lr", "log(0.0001, 0.1)"],
    ["batch", "[32, 64]"],
  ],
  trials: "30",
} as const;

const change = (now: Record<string, Members[number][1]>) =>
  patched(FILE, members(BEFORE), members({ ...BEFORE, ...now }));

test("only what was changed is written anew, and comments stay", () => {
  expect(change({ trials: "31" })).toBe(FILE.replace("trials: 30", "trials: 31"));
  expect(change({ maximize: undefined, minimize: "loss" })).toBe(
    FILE.replace("maximize: acc", "minimize: loss"),
  );
});

test("a parameter is changed, renamed, added, moved and removed by itself", () => {
  const [lr, batch] = BEFORE.params;
  expect(change({ params: [["lr", "0.0..1.0"], batch] })).toBe(
    FILE.replace("log(1e-4, 1e-1)", "0.0..1.0       "),
  );
  expect(change({ params: [["rate", lr[1]], batch] })).toBe(
    FILE.replace("lr: log(1e-4, 1e-1)", "rate: log(0.0001, 0.1)").replace("  # wide", " # wide"),
  );
  expect(change({ params: [lr, batch, ["n", "1..3"]] })).toBe(
    FILE.replace("  batch: [32, 64]\n", "  batch: [32, 64]\n  n: 1..3\n"),
  );
  expect(change({ params: [batch, lr] })).toContain(
    "params:\n  batch: [32, 64]\n  # the step\n  lr: log(1e-4, 1e-1)  # wide\n",
  );
  expect(change({ params: [lr] })).toBe(FILE.replace("  batch: [32, 64]\n", ""));
});

test("what is new stands where people look for it, below the head of the file", () => {
  expect(change({ name: "mine" })).toBe(FILE.replace("script:", "name: mine\nscript:"));
  expect(change({ tags: [["team", "a b"]] })).toBe(`${FILE}tags:\n  team: a b\n`);
});

test("what goes leaves the comment above it", () => {
  expect(change({ trials: undefined })).toBe(FILE.replace(/trials.*\n/, ""));
  expect(change({ script: undefined })).toBe(FILE.replace(/script.*\n/, ""));
});

test("lists below, texts over lines and quoted names are passed over as wholes", () => {
  const text = "tags: {a: 1,\n  b: 2\n}\n'try_first':\n- lr: 1\n- lr: 2\nname: a\n";
  expect(membersIn(text)).toEqual(["tags", "try_first", "name"]);
  expect(patched(text, [["tags", "x"]], [["tags", [["a", "1"]]]])).toBe(
    "tags:\n  a: 1\n'try_first':\n- lr: 1\n- lr: 2\nname: a\n",
  );
});

test.each(['{"name": "a"}', "{name: a}", "just words"])("%s is no file of members", (text) => {
  expect(membersIn(text)).toBeUndefined();
  expect(patched(text, [["name", "a"]], [["name", "b"]])).toBeUndefined();
});

test("an empty text is given members", () => {
  expect(patched("", [["name", undefined]], [["name", "a"]])).toBe("name: a\n");
  expect(fresh(members(BEFORE))).toBe(
    "script: /train.py\nmaximize: acc\nparams:\n  lr: log(0.0001, 0.1)\n  batch: [32, 64]\ntrials: 30\n",
  );
});

test("a parameter that was not known to be there stays", () => {
  const text = FILE.replace("  batch", "  x: oops\n  batch");
  const [lr, batch] = BEFORE.params;
  const now = patched(text, members(BEFORE), members({ ...BEFORE, params: [lr, [batch[0], "[16]"]] }));
  expect(now).toContain("  x: oops\n");
  expect(now).toContain("  batch: [16]\n");
});
