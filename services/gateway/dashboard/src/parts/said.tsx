/** A sentence of the server's, in which commands stand between backticks. */
export function Said({ text }: { text: string }) {
  return <>{text.split("`").map((part, at) => (at % 2 === 1 ? <code key={at}>{part}</code> : part))}</>;
}
