import "./tabs.css";
import { useLocation } from "preact-iso";

interface Props<Section extends string> {
  sections: Readonly<Record<Section, string>>;
  here: Section;
  counts?: Partial<Record<Section, string>>;
}

/** Sections of a page, as links: each has its address, and what is chosen in another one stays. */
export function Tabs<Section extends string>({ sections, here, counts }: Props<Section>) {
  const { path, query } = useLocation();
  return (
    <nav class="tabs" aria-label="Sections">
      {(Object.keys(sections) as Section[]).map((section) => (
        <a
          key={section}
          href={`${path}?${new URLSearchParams({ ...query, show: section })}`}
          aria-current={section === here ? "page" : undefined}
        >
          {sections[section]}
          {counts?.[section] && <span class="count">{counts[section]}</span>}
        </a>
      ))}
    </nav>
  );
}
