import type { Definition } from "../../../generated/tunewright/v1/spec_pb";

/** Asks which definition is meant, where there are several. */
export function WhichDefinition({
  among,
  name,
  choose,
}: {
  among: readonly Definition[];
  name: string;
  choose: (name: string) => void;
}) {
  if (among.length < 2) return null;
  return (
    <label>
      Definition
      <select value={name} onChange={({ currentTarget }) => choose(currentTarget.value)}>
        {among.map((definition) => (
          <option key={definition.name}>{definition.name}</option>
        ))}
      </select>
    </label>
  );
}
