// The text of a job file, changed member by member. What is not changed stays as it was written, comments included.

import { key } from "./scalars";

/** What stands behind a member's name: on its line, or members of its own. */
export type Written = string | readonly (readonly [string, Written])[];
export type Members = readonly (readonly [string, Written | undefined])[];

interface Block {
  key: string;
  /** Comments and empty lines above it. */
  lead: string[];
  lines: string[];
}

interface Cut {
  blocks: Block[];
  tail: string[];
}

const KEY =
  /^(?:"((?:[^"\\]|\\.)*)"|'((?:[^']|'')*)'|([^\s"'#{}[\],&*!|>%@?:-](?:[^:#]|:(?=\S)|(?<=\S)#)*?))\s*:(?=\s|$)/;
const NOTHING = /^\s*(?:#.*)?$/;
const GOES_ON = /^[\s\-}\]]/;

/** The names of the members of a mapping that is written member by member; undefined: it is not. */
export function membersIn(text: string): string[] | undefined {
  return cut(lines(text))?.blocks.map((block) => block.key);
}

/**
 * The text with other members; `before` and `after` hold the same names, in the order in which a file has them.
 * Undefined: it cannot be changed member by member, as of JSON.
 */
export function patched(text: string, before: Members, after: Members): string | undefined {
  const found = cut(lines(text));
  if (!found) return undefined;
  const old = new Map(before);
  const changes = after.filter(([name, value]) => !same(old.get(name), value));
  const order = after.map(([name]) => name);
  const there = new Set(found.blocks.map((block) => block.key));
  const gone = changes.filter(([name, value]) => value === undefined && there.has(name));
  const come = changes.filter(([name, value]) => value !== undefined && !there.has(name));
  const [left, right] = [gone[0], come[0]];
  let { blocks } = found;
  if (left && right && gone.length === 1 && come.length === 1)
    blocks = blocks.map((block) => (block.key === left[0] ? { ...block, key: right[0] } : block));
  for (const [name, value] of changes) {
    if (value === undefined) blocks = without(blocks, name, found.tail);
    else blocks = put(blocks, name, value, old.get(name), order);
  }
  return joined({ blocks, tail: found.tail });
}

/** A new text of these members. */
export function fresh(members: Members): string {
  const text = members.flatMap(([name, value]) => (value === undefined ? [] : written(name, value)));
  return text.length > 0 ? `${text.join("\n")}\n` : "";
}

const lines = (text: string): string[] => text.split(/\r?\n/);

function cut(all: readonly string[]): Cut | undefined {
  const blocks: Block[] = [];
  let pending: string[] = [];
  for (const line of all) {
    const last = blocks.at(-1);
    const found = KEY.exec(line);
    if (NOTHING.test(line)) pending.push(line);
    else if (found) {
      blocks.push({ key: nameOf(found), lead: pending, lines: [line] });
      pending = [];
    } else if (last && GOES_ON.test(line)) {
      last.lines.push(...pending, line);
      pending = [];
    } else if (!last && line.trim() === "---") pending.push(line);
    else return undefined;
  }
  return { blocks, tail: pending };
}

function nameOf([, double, single, plain]: RegExpExecArray): string {
  if (double !== undefined) return double.replace(/\\(.)/g, "$1");
  return single?.replaceAll("''", "'") ?? plain ?? "";
}

function joined({ blocks, tail }: Cut): string {
  const text = [...blocks.flatMap(({ lead, lines }) => [...lead, ...lines]), ...tail].join("\n");
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}

/** What stood above a member that goes stays, above what comes next. */
function without(blocks: readonly Block[], name: string, tail: string[]): Block[] {
  const at = blocks.findIndex((block) => block.key === name);
  const lead = blocks[at]?.lead ?? [];
  const next = blocks[at + 1];
  if (at >= 0 && !next) tail.unshift(...lead);
  return blocks.flatMap((block) => {
    if (block === blocks[at]) return [];
    return block === next && at >= 0 ? { ...block, lead: [...lead, ...block.lead] } : block;
  });
}

function put(
  blocks: readonly Block[],
  name: string,
  value: Written,
  old: Written | undefined,
  order: readonly string[],
): Block[] {
  if (blocks.some((block) => block.key === name))
    return blocks.map((block) => (block.key === name ? changed(block, name, value, old) : block));
  const place = order.indexOf(name);
  const before = new Set(order.slice(0, place));
  const at = blocks.findLastIndex((block) => before.has(block.key)) + 1;
  const lead: string[] = [];
  const next = blocks[at];
  // What stands at the head of a file stays there.
  if (at === 0 && next) lead.push(...next.lead.splice(0));
  return [...blocks.slice(0, at), { key: name, lead, lines: written(name, value) }, ...blocks.slice(at)];
}

function changed(block: Block, name: string, value: Written, old: Written | undefined): Block {
  const inner = typeof value === "string" ? undefined : within(block, name, value, old);
  if (inner) return { ...block, key: name, lines: inner };
  const [first = ""] = block.lines;
  const now = written(name, value);
  const [line = ""] = now;
  return {
    ...block,
    key: name,
    lines: [block.lines.length === 1 ? commented(line, first) : line, ...now.slice(1)],
  };
}

/** Change members of a member each by itself; undefined: they are not written so. */
function within(
  block: Block,
  name: string,
  value: Exclude<Written, string>,
  old: Written | undefined,
): string[] | undefined {
  const [head = "", ...rest] = block.lines;
  const indent = /^ +/.exec(rest.find((line) => !NOTHING.test(line)) ?? "")?.[0];
  if (!indent || !/:\s*(?:#.*)?$/.test(head) || !old || typeof old === "string") return undefined;
  if (!rest.every((line) => line.startsWith(indent) || line.trim() === "")) return undefined;
  const found = cut(rest.map((line) => line.slice(indent.length)));
  if (!found) return undefined;
  const there = new Map(found.blocks.map((inner) => [inner.key, inner]));
  const was = new Map(old);
  const blocks = value.map(([member, now], at): Block => {
    // One that was only given another name is still at its place.
    const before = there.has(member) || old.length !== value.length ? member : (old[at]?.[0] ?? member);
    const here = there.get(before);
    if (!here) return { key: member, lead: [], lines: written(member, now) };
    return member === before && same(was.get(before), now)
      ? here
      : changed(here, member, now, was.get(before));
  });
  // What was not known to be there is nobody's to take out.
  const said = new Set([...was.keys(), ...blocks.map((inner) => inner.key)]);
  blocks.push(...found.blocks.filter((inner) => !said.has(inner.key)));
  const inner = [...blocks.flatMap(({ lead, lines }) => [...lead, ...lines]), ...found.tail];
  const renamed = head.startsWith(name) ? head : commented(`${key(name)}:`, head);
  return [renamed, ...inner.map((line) => (line ? indent + line : line))];
}

/** The line with the comment that stood behind another one, in its column; what is between quotes is none. */
function commented(line: string, was: string): string {
  const [, before = "", comment = ""] = /^([^'"]*?\s)(#.*)$/.exec(was) ?? [];
  return comment ? `${line.padEnd(before.length - 1)} ${comment}` : line;
}

function written(name: string, value: Written): string[] {
  if (typeof value === "string") return [`${key(name)}: ${value}`];
  return [
    `${key(name)}:`,
    ...value.flatMap(([member, of]) => written(member, of)).map((line) => `  ${line}`),
  ];
}

const same = (one: Written | undefined, other: Written | undefined): boolean =>
  JSON.stringify(one) === JSON.stringify(other);
