import { useLocation } from "preact-iso";

export const SECTIONS = {
  overview: "Overview",
  trainings: "Trainings",
  plots: "Plots",
  output: "Output",
} as const;
export type Section = keyof typeof SECTIONS;

export const sectionOf = (show: string | undefined): Section =>
  show !== undefined && show in SECTIONS ? (show as Section) : "overview";

/** Sections of the page, as links: each has its address, and what is chosen in another one stays. */
export function Tabs({ counts }: { counts: Partial<Record<Section, string>> }) {
  const { path, query } = useLocation();
  const here = sectionOf(query.show);
  return (
    <nav class="tabs" aria-label="Sections">
      {(Object.keys(SECTIONS) as Section[]).map((section) => (
        <a
          key={section}
          href={`${path}?${new URLSearchParams({ ...query, show: section })}`}
          aria-current={section === here ? "page" : undefined}
        >
          {SECTIONS[section]}
          {counts[section] && <span class="count">{counts[section]}</span>}
        </a>
      ))}
    </nav>
  );
}
