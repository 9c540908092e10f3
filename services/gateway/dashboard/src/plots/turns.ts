// Plots are drawn one after the other, a frame for each: all at once, the page would answer nobody for that long.

let before: Promise<void> = Promise.resolve();

/** Draw once those that were asked for before are drawn and the browser has painted. Returns what takes it back. */
export function inTurn(draw: () => void): () => void {
  let wanted = true;
  before = before.then(async () => {
    if (!wanted) return;
    try {
      draw();
    } catch (error) {
      reportError(error); // of this plot: the others have their turns
    }
    await painted();
  });
  return () => {
    wanted = false;
  };
}

/** The browser has painted, and done what waited for that, such as a key that was pressed. */
export const painted = (): Promise<void> =>
  new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
