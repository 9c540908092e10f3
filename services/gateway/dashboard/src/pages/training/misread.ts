// What was read and is no number, or was not read at all; words for the kinds that metrics tells.

import type { ReadingFault } from "../../generated/tunewright/v1/tuning_service_pb";

type Fault = Pick<ReadingFault, "kind" | "count">;

interface Words {
  what: (fault: Fault) => string;
  remedy: string;
}

const KINDS: Readonly<Record<string, Words>> = {
  nan: {
    what: () => "its value was no number (nan)",
    remedy: "The training itself has diverged, or divided by zero: look at its output around there.",
  },
  infinite: {
    what: () => "its value was infinite",
    remedy: "The training itself has diverged: look at its output around there.",
  },
  unparsable: {
    what: () => "what was captured is no number",
    remedy: "Let group 1 of the regular expression capture the number alone.",
  },
  cut: {
    what: () => "the number ended where a line longer than 64 KiB was cut",
    remedy: "Print it in a line of its own.",
  },
  "timed out": {
    what: () => "the regular expression took too long on a line",
    remedy: "Write it without nested repetitions, or in RE2's syntax.",
  },
  refused: {
    what: () => "the regular expression cannot be used",
    remedy: "Mend the metric definition.",
  },
  missing: {
    what: ({ count }) => `nothing was read under this name in ${Number(count).toLocaleString("en")} lines`,
    remedy: "Compare the regular expression with what the training prints, under Output.",
  },
};

export const whatOf = (fault: Fault): string => KINDS[fault.kind]?.what(fault) ?? fault.kind;
export const remedyOf = (fault: Fault): string => KINDS[fault.kind]?.remedy ?? "";
