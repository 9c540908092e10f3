// A plot on the page: drawn on canvas, with its picture and its data to take away.

import type { ECharts, Payload } from "echarts/core";
import { useEffect, useRef, useState } from "preact/hooks";
import { csv, saveFile } from "../parts/saving";
import { dark } from "../shell/theme";
import { type State, withState } from "./kept";
import { useOnScreen } from "./on-screen";
import { palette } from "./palette";
import { isDrawn, type NoPlot, type Palette, type Plot, type Scale } from "./plot";
import { inTurn } from "./turns";

interface Props {
  /** The file's name, without its ending. */
  name: string;
  plot: Plot | NoPlot;
  /** Pixels. */
  height?: number;
  /** Called with an element's data when it is clicked. */
  onPick?: (data: unknown) => void;
  /** Called once with the drawn chart, for what only it can tell, such as a brush. */
  onReady?: (chart: ECharts) => void;
  /** Done after each drawing, for what a drawing forgets, such as a brush; it is laid out as a whole once more. */
  action?: Payload;
}

export function Chart({ name, plot, height = 280, onPick, onReady, action }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<ECharts | null>(null);
  const drawn = useRef<{ option?: Plot["option"]; isDark?: boolean }>({});
  // The plot whose zoom or legend a person has set: only then the chart is asked for them, which copies all its data.
  const set = useRef<string | undefined>(undefined);
  const [isDone, setDone] = useState(false);
  const latest = useRef({ name, onPick, onReady, action });
  latest.current = { name, onPick, onReady, action };
  const option = isDrawn(plot) ? plot.option : null;
  const isDark = dark.value;
  const seen = useOnScreen(place);

  useEffect(() => {
    if (!option || !seen || !place.current) return;
    if (drawn.current.option === option && drawn.current.isDark === isDark) return;
    const at = place.current;
    let leave = () => {};
    let gone = false;
    // Where no server answers it does not come; whatever is to be drawn next asks for it again.
    void import("./charting").then(({ init }) => {
      if (gone) return;
      leave = inTurn(() => {
        if (!chart.current) {
          chart.current = init(at);
          chart.current.on("click", (event) => latest.current.onPick?.(event.data));
          for (const done of ["datazoom", "legendselectchanged"])
            chart.current.on(done, () => {
              set.current = latest.current.name;
            });
          latest.current.onReady?.(chart.current);
        }
        const before = set.current === latest.current.name ? (chart.current.getOption() as State) : {};
        const next = withState(shown(option, palette()), before);
        chart.current.setOption({ ...common(palette()), ...next }, { notMerge: true });
        drawn.current = { option, isDark };
        at.dataset.drawn = String(Number(at.dataset.drawn ?? 0) + 1);
        setDone(true);
        const { action } = latest.current;
        if (action) leave = inTurn(() => chart.current?.dispatchAction(action, { silent: true }));
      });
    }, ignored);
    return () => {
      gone = true;
      leave();
    };
  }, [option, isDark, seen]);

  useEffect(() => {
    const resized = new ResizeObserver(() => chart.current?.resize());
    if (place.current) resized.observe(place.current);
    return () => {
      resized.disconnect();
      chart.current?.dispose();
      chart.current = null;
    };
  }, []);

  return (
    <figure class="plot">
      <div
        ref={place}
        role="img"
        aria-label={isDrawn(plot) ? plot.says : plot.empty}
        style={{ height: `${height}px` }}
        hidden={!option}
      />
      {isDrawn(plot) ? (
        <figcaption>
          {plot.scale && <Shades of={plot.scale} />}
          {plot.note && <span class="hint">{plot.note}</span>}
          <span class="plot-files">
            <button
              type="button"
              class="quiet"
              disabled={!isDone}
              onClick={() => void savePicture(name, chart.current)}
            >
              PNG
            </button>
            <button
              type="button"
              class="quiet"
              onClick={() => saveFile(`${name}.csv`, new Blob([csv(plot.table())], { type: "text/csv" }))}
            >
              CSV
            </button>
          </span>
        </figcaption>
      ) : (
        <p class="notice">{plot.empty}</p>
      )}
    </figure>
  );
}

function ignored(): void {}

function Shades({ of }: { of: Scale }) {
  return (
    <span class="plot-scale">
      {of.from}
      {of.colours.map((colour) => (
        <i key={colour} style={{ background: colour }} />
      ))}
      {of.to}
    </span>
  );
}

function common(colours: Palette) {
  return {
    animation: false,
    textStyle: { color: colours.text, fontFamily: "inherit" },
    color: colours.series,
  };
}

/** The option, with a tooltip as all have it. */
function shown(option: Plot["option"], colours: Palette): Plot["option"] {
  const own = Array.isArray(option.tooltip) ? undefined : option.tooltip;
  return {
    ...option,
    // Drawn on the canvas too: what trainings are called is never markup.
    tooltip: {
      renderMode: "richText",
      confine: true,
      backgroundColor: colours.surface,
      borderColor: colours.line,
      textStyle: { color: colours.text, fontSize: 12 },
      ...own,
    },
  };
}

async function savePicture(name: string, chart: ECharts | null): Promise<void> {
  if (!chart) return;
  const url = chart.getDataURL({ type: "png", pixelRatio: 2, backgroundColor: palette().surface });
  const bytes = Uint8Array.from(atob(url.slice(url.indexOf(",") + 1)), (letter) => letter.charCodeAt(0));
  saveFile(`${name}.png`, new Blob([bytes], { type: "image/png" }));
}
