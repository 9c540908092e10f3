// What the form shows of a specification: texts, as they are typed. What it does not show stays in the job file.

import {
  type Definition,
  Direction,
  EarlyStopping,
  type MetricDefinition,
  ObjectiveReading,
  type Parameter,
  ScalingType,
  Strategy,
  type TuningJobSpec,
  WarmStartType,
} from "../../generated/tunewright/v1/spec_pb";

export type Kind = "float" | "int" | "choice";
export type Scale = "auto" | "linear" | "log" | "reverse_log";

export interface ParameterFields {
  name: string;
  kind: Kind;
  low: string;
  high: string;
  scale: Scale;
  /** Between commas. */
  values: string;
}

/** How a metric is found: by its name in what is printed, by a regex, or only where it is named, as in JSON lines. */
export type Found = "name" | "regex" | "json";

export interface MetricFields {
  name: string;
  found: Found;
  regex: string;
}

export interface Pair {
  name: string;
  value: string;
}

export interface Fields {
  name: string;
  program: "script" | "image";
  script: string;
  image: string;
  python: string;
  workdir: string;
  environment: readonly Pair[];
  direction: "maximize" | "minimize";
  metric: string;
  reading: string;
  metrics: readonly MetricFields[];
  params: readonly ParameterFields[];
  fixed: readonly Pair[];
  strategy: string;
  minResource: string;
  maxResource: string;
  trials: string;
  parallel: string;
  maxRuntime: string;
  maxTrainingRuntime: string;
  maxCost: string;
  prices: readonly Pair[];
  target: string;
  notImproving: string;
  onConvergence: boolean;
  earlyStopping: "" | "off" | "auto";
  percentile: string;
  patience: string;
  threshold: string;
  instance: string;
  instances: string;
  shareGpus: boolean;
  warmStart: string;
  transfer: boolean;
  tags: readonly Pair[];
}

export const NOTHING: Fields = {
  name: "",
  program: "script",
  script: "",
  image: "",
  python: "",
  workdir: "",
  environment: [],
  direction: "maximize",
  metric: "",
  reading: "last",
  metrics: [],
  params: [],
  fixed: [],
  strategy: "bayesian",
  minResource: "",
  maxResource: "",
  trials: "",
  parallel: "",
  maxRuntime: "",
  maxTrainingRuntime: "",
  maxCost: "",
  prices: [],
  target: "",
  notImproving: "",
  onConvergence: false,
  earlyStopping: "",
  percentile: "",
  patience: "",
  threshold: "",
  instance: "",
  instances: "",
  shareGpus: false,
  warmStart: "",
  transfer: false,
  tags: [],
};

export const PARAMETER: ParameterFields = {
  name: "",
  kind: "float",
  low: "",
  high: "",
  scale: "auto",
  values: "",
};
export const METRIC: MetricFields = { name: "", found: "regex", regex: "" };

const SCALES: Record<ScalingType, Scale> = {
  [ScalingType.UNSPECIFIED]: "auto",
  [ScalingType.AUTO]: "auto",
  [ScalingType.LINEAR]: "linear",
  [ScalingType.LOGARITHMIC]: "log",
  [ScalingType.REVERSE_LOGARITHMIC]: "reverse_log",
};

/** In the environment of a script, where a job file has members for them. */
const PYTHON = "TUNEWRIGHT_PYTHON";
const WORKDIR = "TUNEWRIGHT_WORKDIR";

/** The fields of a specification; `named`: the file gives the name, else it was made of the time. */
export function fieldsOf(spec: TuningJobSpec, named: boolean): Fields {
  const { objective, limits, completion, earlyStopping: rule, warmStart } = spec;
  const [definition] = spec.definitions;
  const metric = objective?.metricName ?? "";
  return {
    ...NOTHING,
    ...(definition && program(definition)),
    name: named ? spec.name : "",
    direction: objective?.direction === Direction.MINIMIZE ? "minimize" : "maximize",
    metric,
    reading: reading(objective?.reading, objective?.lastK),
    metrics: (definition?.metricDefinitions ?? [])
      .map(metricFields)
      .filter(({ name, found }) => name !== metric || found !== "name"),
    params: (definition?.parameters ?? [])
      .filter(({ name }) => !spec.autotune || !(name in spec.autoParameters))
      .map(parameterFields),
    strategy: Strategy[spec.strategy || Strategy.BAYESIAN].toLowerCase(),
    minResource: text(spec.hyperband?.minResource),
    maxResource: text(spec.hyperband?.maxResource),
    trials: text(limits?.maxTrainings),
    parallel: text(limits?.maxParallel ?? 1),
    maxRuntime: duration(limits?.maxRuntimeS),
    maxCost: text(limits?.maxCost),
    prices: pairs(spec.pricesPerSecond),
    target: text(completion?.target),
    notImproving: text(completion?.maxNotImproving),
    onConvergence: completion?.onConvergence ?? false,
    earlyStopping: rule?.type === EarlyStopping.AUTO ? "auto" : rule?.type === EarlyStopping.OFF ? "off" : "",
    percentile: text(rule?.percentile),
    patience: text(rule?.patience),
    threshold: text(rule?.threshold),
    warmStart: warmStart?.parents.join(", ") ?? "",
    transfer: warmStart?.type === WarmStartType.TRANSFER_LEARNING,
    tags: pairs(spec.tags),
  };
}

/** Rows for what stands in the file and cannot be read: it is mended there, too, and is not lost. */
export function withUnread(fields: Fields, faults: readonly { member: string }[]): Fields {
  const unread = (of: string, rows: readonly { name: string }[]) =>
    faults.flatMap(({ member }) => {
      const name = member.startsWith(`${of}.`) ? member.slice(of.length + 1) : "";
      return name === "" || rows.some((row) => row.name === name) ? [] : [name];
    });
  const params = unread("params", fields.params).map((name) => ({ ...PARAMETER, name }));
  const metrics = unread("metrics", fields.metrics).map((name) => ({ ...METRIC, name }));
  return { ...fields, params: [...fields.params, ...params], metrics: [...fields.metrics, ...metrics] };
}

function program(definition: Definition): Partial<Fields> {
  const { [PYTHON]: python, [WORKDIR]: workdir, ...environment } = definition.environment;
  const { resources, stopping } = definition;
  return {
    ...(python === undefined
      ? { program: "image", image: definition.image }
      : {
          program: "script",
          script: definition.image.replace(/^file:\/\//, ""),
          python,
          workdir: workdir ?? "",
        }),
    environment: pairs(environment),
    fixed: pairs(definition.staticHyperparameters),
    maxTrainingRuntime: duration(stopping?.maxRuntimeS),
    instance: resources?.instanceType ?? "",
    instances: text(resources?.instanceCount ?? 1),
    shareGpus: resources?.gpusShared ?? false,
  };
}

export function parameterFields({ name, range }: Parameter): ParameterFields {
  const none = { ...PARAMETER, name };
  switch (range.case) {
    case "choiceRange":
      return { ...none, kind: "choice", values: range.value.values.map(listed).join(", ") };
    case "intRange":
    case "floatRange": {
      const { low, high, scaling } = range.value;
      const kind = range.case === "intRange" ? "int" : "float";
      return { ...none, kind, low: String(low), high: String(high), scale: SCALES[scaling] };
    }
    default:
      return none;
  }
}

function metricFields({ name, regex }: MetricDefinition): MetricFields {
  if (regex === "") return { name, found: "json", regex };
  return regex === regexByName(name) ? { name, found: "name", regex: "" } : { name, found: "regex", regex };
}

/** The regex that the server gives a metric that is to be found by its name. */
export function regexByName(name: string): string {
  const number = String.raw`[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?(?:nan|inf|NaN|Inf|Infinity)`;
  const escaped = name.replace(/[()[\]{}?*+\-|^$\\.&~#\s]/g, "\\$&");
  return String.raw`(?:^|[^\w/.\-])${escaped}[\"']?\s*[=:]\s*(${number})(?:[^\w.,%]|[.,](?:\s|$)|$)`;
}

function reading(of: ObjectiveReading | undefined, last: number | undefined): string {
  if (of === ObjectiveReading.MEAN_OF_LAST) return `mean of last ${last ?? 1}`;
  return of === ObjectiveReading.BEST ? "best" : "last";
}

/** One of a list between commas; between quotes where it has a comma itself. */
const listed = (value: string): string =>
  /[",]|^\s|\s$|^$/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;

/** The values of a list between commas. */
export function values(list: string): string[] {
  const found = [...list.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^,]*?))\s*(?:,|$)/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? "",
  );
  // The end of the list is found once more, as an empty one.
  return found.slice(0, -1).filter((value, at) => value !== "" || /^\s*""/.test(list.split(",")[at] ?? ""));
}

const pairs = (map: Readonly<Record<string, string | number>>): Pair[] =>
  Object.entries(map).map(([name, value]) => ({ name, value: String(value) }));

const text = (value: number | bigint | undefined): string => (value === undefined ? "" : String(value));

const UNITS = [
  ["d", 86_400n],
  ["h", 3600n],
  ["m", 60n],
] as const;

/** Seconds in the largest unit that divides them. */
export function duration(seconds: bigint | undefined): string {
  if (seconds === undefined) return "";
  const unit = UNITS.find(([, size]) => seconds > 0n && seconds % size === 0n);
  return unit ? `${seconds / unit[1]}${unit[0]}` : `${seconds}s`;
}
