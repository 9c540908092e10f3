interface Props {
  /** The job's limit of trainings now. */
  limit: number;
  chosen: boolean;
  choose: (chosen: boolean) => void;
}

/** Asks whether a configuration that is run besides is to have room of its own. */
export function OneMore({ limit, chosen, choose }: Props) {
  return (
    <label class="tick">
      <input
        type="checkbox"
        checked={chosen}
        onChange={({ currentTarget }) => choose(currentTarget.checked)}
      />
      Raise the limit from {limit} to {limit + 1} trainings for it
    </label>
  );
}
