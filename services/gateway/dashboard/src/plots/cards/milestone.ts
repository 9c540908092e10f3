/** A running job is analysed again whenever this changes: with every tenth more objectives. */
export function milestone(count: number): number {
  return count < 10 ? count : Math.floor(Math.log(count) / Math.log(1.1));
}
