import { Empty } from "../parts/notices";

export default function NotHere() {
  return (
    <Empty title="There is no such page">
      <p>
        The address may be mistyped. <a href="/jobs">All tuning jobs</a>
      </p>
    </Empty>
  );
}
