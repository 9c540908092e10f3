// Values as YAML writes them: plain where that reads back as meant, else between quotes.

const WORD = /^[A-Za-z_/](?:[\w./:-]*[\w./-])?$/;
/** YAML 1.1 reads these as something else than a text. */
const NO_TEXT = /^(?:true|false|yes|no|on|off|null)$/i;
const INTEGER = /^-?(?:0|[1-9]\d{0,14})$/;
const DECIMAL = /^-?\d+\.\d+$/;
const NUMBER = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/;
const DURATION = /^\d{1,15} ?[smhd]?$/;
const RANGE =
  /^(?:(?:auto|linear|log|reverse_log)\([-+\d.eE]+, [-+\d.eE]+\)|[-+]?\d[-+\d.eE]*\.\.[-+]?\d[-+\d.eE]*)$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what only double quotes can hold
const CONTROL = /[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]/;

/** A text that reads back as it is; a number is taken as it is written. */
export function scalar(text: string): string {
  const plain =
    (WORD.test(text) && !NO_TEXT.test(text)) ||
    INTEGER.test(text) ||
    (DECIMAL.test(text) && String(Number(text)) === text);
  return plain ? text : quoted(text);
}

/** The name of a member. */
export const key = (name: string): string => (WORD.test(name) && !NO_TEXT.test(name) ? name : quoted(name));

/** Where a number belongs; what is none is left to the server to refuse. */
export const numeric = (text: string): string => (NUMBER.test(text) ? text : scalar(text));
export const duration = (text: string): string => (DURATION.test(text) ? text : scalar(text));
export const range = (text: string): string => (RANGE.test(text) ? text : quoted(text));

export function quoted(text: string): string {
  return CONTROL.test(text) ? JSON.stringify(text) : `'${text.replaceAll("'", "''")}'`;
}
