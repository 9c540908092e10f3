export const SECTIONS = {
  overview: "Overview",
  trainings: "Trainings",
  plots: "Plots",
  output: "Output",
} as const;
export type Section = keyof typeof SECTIONS;

export const sectionOf = (show: string | undefined): Section =>
  show !== undefined && show in SECTIONS ? (show as Section) : "overview";
