/** A chart of bars that are compared with each other. */
export interface Chart {
  readonly title: string;
  readonly unit: string;
  readonly bars: readonly Bar[];
}

/** A bar; this service's own have another colour. */
export interface Bar {
  readonly name: string;
  readonly value: number;
  readonly isOurs: boolean;
}

const WIDTH = 760;
const LABEL_WIDTH = 330;
const BAR_WIDTH = 330;
const TITLE_HEIGHT = 44;
const BAR_HEIGHT = 24;
const STYLE = `text { font: 14px system-ui, sans-serif; fill: #1f2328 }
    .title { font-weight: 600 }
    .ours { fill: #1a7f64 }
    .other { fill: #afb8c1 }
    @media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .ours { fill: #3fb68b } .other { fill: #57606a } }`;

/** Draws charts one below the other, as SVG: each bar as long as its value, within its chart. */
export function drawPicture(charts: readonly Chart[]): string {
  let y = 0;
  const drawn = charts.map((chart) => {
    const at = y;
    y += TITLE_HEIGHT + chart.bars.length * BAR_HEIGHT;
    return drawChart(chart, at);
  });
  const height = y + BAR_HEIGHT;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img">
  <style>
    ${STYLE}
  </style>
${drawn.join("\n")}
</svg>
`;
}

function drawChart({ bars, title, unit }: Chart, y: number): string {
  const longest = Math.max(...bars.map(({ value }) => value));
  const lines = bars.map(({ isOurs, name, value }, index) => {
    const top = y + TITLE_HEIGHT + index * BAR_HEIGHT;
    const length = Math.max(1, Math.round(value / longest * BAR_WIDTH));
    return `  <text x="${LABEL_WIDTH - 8}" y="${top + 12}" text-anchor="end">${escape(name)}</text>
  <rect x="${LABEL_WIDTH}" y="${top}" width="${length}" height="16" rx="2" class="${isOurs ? "ours" : "other"}" />
  <text x="${LABEL_WIDTH + length + 8}" y="${top + 12}">${format(value)} ${escape(unit)}</text>`;
  });
  return [`  <text x="0" y="${y + 28}" class="title">${escape(title)}</text>`, ...lines].join("\n");
}

function format(value: number): string {
  return value < 10 ? value.toFixed(1) : value.toFixed(0);
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
