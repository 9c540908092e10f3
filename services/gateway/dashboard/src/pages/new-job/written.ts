// What the form says as members of a job file, in the order in which people write them.

import {
  type Fields,
  type MetricFields,
  type Pair,
  type ParameterFields,
  regexByName,
  values,
} from "./fields";
import type { Members, Written } from "./patch";
import { duration, numeric, quoted, range, scalar } from "./scalars";

export function membersOf(fields: Fields): Members {
  const script = fields.program === "script";
  return [
    ["name", maybe(fields.name)],
    ["script", script ? scalar(fields.script) : undefined],
    ["python", script ? maybe(fields.python) : undefined],
    ["workdir", script ? maybe(fields.workdir) : undefined],
    ["image", script ? undefined : scalar(fields.image)],
    ["environment", mapping(fields.environment, scalar)],
    ["maximize", fields.direction === "maximize" ? scalar(fields.metric) : undefined],
    ["minimize", fields.direction === "minimize" ? scalar(fields.metric) : undefined],
    ["reading", fields.reading === "last" ? undefined : fields.reading],
    ["metrics", metrics(fields)],
    ["params", parameters(fields.params)],
    ["fixed", mapping(fields.fixed, scalar)],
    ["strategy", fields.strategy],
    ["hyperband", hyperband(fields)],
    ["trials", maybe(fields.trials, numeric)],
    ["parallel", maybe(fields.parallel, numeric)],
    ["max_runtime", maybe(fields.maxRuntime, duration)],
    ["max_training_runtime", maybe(fields.maxTrainingRuntime, duration)],
    ["max_cost", maybe(fields.maxCost, numeric)],
    ["target", maybe(fields.target, numeric)],
    ["not_improving", maybe(fields.notImproving, numeric)],
    ["on_convergence", fields.onConvergence ? "true" : undefined],
    ["early_stopping", earlyStopping(fields)],
    ["warm_start", warmStart(fields.warmStart)],
    ["transfer", fields.transfer ? "true" : undefined],
    ["instance", maybe(fields.instance)],
    ["instances", maybe(fields.instances, numeric)],
    ["share_gpus", fields.shareGpus ? "true" : undefined],
    ["prices", mapping(fields.prices, numeric)],
    ["tags", mapping(fields.tags, scalar)],
  ];
}

const maybe = (text: string, how: (text: string) => string = scalar): string | undefined =>
  text === "" ? undefined : how(text);

/** Rows in which nothing stands yet are none. */
function mapping(pairs: readonly Pair[], how: (text: string) => string): Written | undefined {
  const given = pairs.filter(({ name, value }) => name !== "" || value !== "");
  return given.length > 0 ? given.map(({ name, value }) => [name, how(value)] as const) : undefined;
}

/** Names alone where all are found by them. */
function metrics({ metric, metrics: rows }: Fields): Written | undefined {
  const given = rows.filter(({ name, regex }) => name !== "" || regex !== "");
  if (given.length === 0) return undefined;
  if (given.every(({ name, found }) => found === "name" && name !== metric))
    return `[${given.map(({ name }) => inList(name)).join(", ")}]`;
  return given.map((row) => [row.name, howFound(row)] as const);
}

function howFound({ name, found, regex }: MetricFields): string {
  if (found === "json") return "null";
  return quoted(found === "name" ? regexByName(name) : regex);
}

function parameters(rows: readonly ParameterFields[]): Written | undefined {
  const given = rows.filter(
    (row) => row.name !== "" || row.low !== "" || row.high !== "" || row.values !== "",
  );
  return given.length > 0 ? given.map((row) => [row.name, rangeOf(row)] as const) : undefined;
}

/** A range as a job file has it. */
export function rangeOf({ kind, low, high, scale, values: list }: ParameterFields): string {
  if (kind === "choice") return `[${values(list).map(inList).join(", ")}]`;
  const [from, to] = kind === "float" ? [real(low), real(high)] : [low.trim(), high.trim()];
  return range(scale === "auto" ? `${from}..${to}` : `${scale}(${from}, ${to})`);
}

/** Two integers would be a range of integers. */
function real(text: string): string {
  const given = text.trim();
  return /^[-+]?\d+$/.test(given) ? `${given}.0` : given.replace(/\.(?=$|[eE])/, ".0");
}

/** What a comma or a bracket ends stands between quotes. */
const inList = (text: string): string => (/[:]/.test(text) ? quoted(text) : scalar(text));

function hyperband({ strategy, minResource, maxResource }: Fields): Written | undefined {
  if (strategy !== "hyperband") return undefined;
  return some([
    ["min_resource", maybe(minResource, numeric)],
    ["max_resource", maybe(maxResource, numeric)],
  ]);
}

function earlyStopping({
  earlyStopping: type,
  percentile,
  patience,
  threshold,
}: Fields): Written | undefined {
  const more = some([
    ["percentile", maybe(percentile, numeric)],
    ["patience", maybe(patience, numeric)],
    ["threshold", maybe(threshold, numeric)],
  ]);
  if (!more) return type || undefined;
  return type ? [["type", type], ...more] : more;
}

function some(members: Members): (readonly [string, Written])[] | undefined {
  const given = members.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  return given.length > 0 ? given : undefined;
}

function warmStart(list: string): string | undefined {
  const names = values(list);
  const [only] = names;
  if (only === undefined) return undefined;
  return names.length === 1 ? scalar(only) : `[${names.map(inList).join(", ")}]`;
}

/** What a job file would take for something else than was meant; by member. */
export function unsayable({ params }: Fields): { member: string; why: string }[] {
  return params.flatMap(({ name, kind, low, high }) =>
    kind === "int" &&
    [low, high].some((end) => /^[-+]?(\d+\.\d*|\d*\.\d+|\d+(\.\d*)?e[-+]?\d+)$/i.test(end.trim()))
      ? { member: `params.${name}`, why: "The ends of a range of integers are integers." }
      : [],
  );
}
