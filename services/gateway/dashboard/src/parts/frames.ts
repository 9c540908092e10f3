// Many changes, one picture: what is asked for any number of times is done once, before the browser paints next.

type Schedule = (task: () => void) => () => void;

const nextFrame: Schedule = (task) => {
  const handle = requestAnimationFrame(task);
  return () => cancelAnimationFrame(handle);
};

export interface Batch {
  ask: () => void;
  /** What was asked for and is not done yet is not wanted any more. */
  drop: () => void;
}

export function oncePerFrame(task: () => void, schedule: Schedule = nextFrame): Batch {
  let cancel: (() => void) | undefined;
  return {
    ask: () => {
      cancel ??= schedule(() => {
        cancel = undefined;
        task();
      });
    },
    drop: () => {
      cancel?.();
      cancel = undefined;
    },
  };
}
