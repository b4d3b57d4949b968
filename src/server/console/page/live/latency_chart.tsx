import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { formatMs } from "../parts/format.ts";
import { useScheme } from "../shell/use_scheme.ts";
import { type Activity, type Lines, type Measure, toLines } from "./series.ts";

const HEIGHT_PX = 260;
/** What the vertical axis has. */
const LABELS: Readonly<Record<Measure, string>> = {
  startupMs: "Start-up, logarithmic",
  wallMs: "Run time, logarithmic",
};
/** Colours of lines, which the styles define. */
const COLORS = 7;

/** The median and the tail of each runtime over time. The table below has the same in figures. */
export function LatencyChart({ activity, measure }: { readonly activity: Activity; readonly measure: Measure }) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const scheme = useScheme();
  const lines = toLines(activity, measure, Date.now());
  const shape = `${scheme} ${measure} ${lines.series.map(({ runtime, share }) => `${runtime} ${share}`).join()}`;

  useEffect(() => {
    const place = host.current;
    if (place === null || lines.series.length === 0) return;
    const made = new uPlot(optionsOf(lines, LABELS[measure], place), toData(lines), place);
    plot.current = made;
    const watch = new ResizeObserver(() => {
      if (place.clientWidth > 0) made.setSize({ width: place.clientWidth, height: HEIGHT_PX });
    });
    watch.observe(place);
    return () => {
      watch.disconnect();
      made.destroy();
      plot.current = undefined;
    };
  }, [shape]);

  useEffect(() => plot.current?.setData(toData(lines)), [activity, measure]);

  if (lines.series.length === 0) return <p class="empty">No program has ended in the last ten minutes.</p>;
  const busy = lines.series.filter(({ share }) => share === "p50");
  return (
    <>
      <ul class="legend">
        {busy.map(({ color, runtime }) => (
          <li key={runtime}>
            <span class={`legend-line series-${color % COLORS}`} aria-hidden="true" />
            {runtime}
          </li>
        ))}
        <li class="muted">Line: median. Dashed: 95 of 100 are faster.</li>
      </ul>
      <div
        ref={host}
        class="chart"
        role="img"
        aria-label="Latency of each runtime over time; the table has its figures"
      />
    </>
  );
}

function toData({ series, times }: Lines): uPlot.AlignedData {
  return [[...times], ...series.map(({ values }) => [...values])];
}

/** The options of the chart. Every axis gets its own object, since uPlot changes it; colours must be resolved. */
function optionsOf({ series }: Lines, label: string, place: HTMLElement): uPlot.Options {
  const font = `12px ${getComputedStyle(place).fontFamily}`;
  const [ink, line] = [colorOf(place, "--muted"), colorOf(place, "--line-soft")];
  const axis = (): uPlot.Axis => ({
    stroke: ink,
    font,
    labelFont: font,
    labelSize: 22,
    labelGap: 2,
    grid: { stroke: line, width: 1 },
    ticks: { show: false },
    border: { show: false },
  });
  const y = axis();
  return {
    width: place.clientWidth,
    height: HEIGHT_PX,
    padding: [12, 8, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: true }, y: { distr: 3 } },
    axes: [
      { ...axis(), label: "Time of day", space: 90, size: 30, values: (_, ticks) => ticks.map(formatMinute) },
      {
        ...y,
        label,
        size: 60,
        grid: { ...y.grid, filter: keepPowers },
        filter: keepPowers,
        values: (_, ticks) => ticks.map(formatTick),
      },
    ],
    series: [
      {},
      ...series.map(({ color, share }) => {
        const stroke = colorOf(place, `--series-${color % COLORS}`);
        return {
          stroke,
          width: share === "p50" ? 2 : 1.25,
          ...(share === "p50" ? {} : { dash: [5, 4] }),
          points: { show: true, size: share === "p50" ? 5 : 4, fill: stroke, stroke },
          spanGaps: true,
        };
      }),
    ],
  };
}

/** Keeps the powers of ten of a logarithmic axis. */
function keepPowers(_: uPlot, ticks: readonly number[]): (number | null)[] {
  return ticks.map((tick) => Number.isInteger(Math.log10(tick)) ? tick : null);
}

function formatTick(ms: number | null): string {
  return ms === null ? "" : formatMs(ms);
}

function formatMinute(seconds: number): string {
  return new Date(seconds * 1_000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

/** Resolves a colour of the styles for the present scheme. */
function colorOf(place: HTMLElement, name: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  place.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
