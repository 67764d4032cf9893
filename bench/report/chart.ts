import type { Spread } from "../statistics.ts";

/** One bar: what was measured, and how far the rounds are apart. */
export interface Bar {
  readonly label: string;
  readonly spread: Spread;
  readonly isOurs: boolean;
}

export interface Chart {
  readonly title: string;
  readonly bars: readonly Bar[];
}

const width = 760;
const labelWidth = 250;
const valueWidth = 90;
const barHeight = 20;
const rowHeight = 30;
const titleHeight = 40;
/** Colors that can be read on white and on black. */
const color = { text: "#768390", ours: "#2f81f7", others: "#9aa4af", range: "#57606a" } as const;

/** Bar charts, one below the other, as SVG. */
export function drawCharts(charts: readonly Chart[]): string {
  let top = 0;
  const drawn = charts.map((chart) => {
    const text = drawChart(chart, top);
    top += titleHeight + chart.bars.length * rowHeight + barHeight;
    return text;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${top}" width="${width}" height="${top}" ` +
      `font-family="system-ui, sans-serif" font-size="13" fill="${color.text}">`,
    ...drawn,
    "</svg>\n",
  ].join("\n");
}

function drawChart({ title, bars }: Chart, top: number): string {
  const scale = (width - labelWidth - valueWidth) / Math.max(...bars.map(({ spread }) => spread.most));
  const lines = bars.map(({ label, spread, isOurs }, index) => {
    const { median, least, most } = spread;
    const y = top + titleHeight + index * rowHeight;
    const middle = y + barHeight / 2;
    const at = (value: number): string => (labelWidth + value * scale).toFixed(1);
    return [
      `<text x="${labelWidth - 10}" y="${middle}" text-anchor="end" dominant-baseline="central">${escape(label)}</text>`,
      `<rect x="${labelWidth}" y="${y}" width="${(median * scale).toFixed(1)}" height="${barHeight}" rx="2" ` +
        `fill="${isOurs ? color.ours : color.others}"/>`,
      `<line x1="${at(least)}" x2="${at(most)}" y1="${middle}" y2="${middle}" stroke="${color.range}" stroke-width="2"/>`,
      `<text x="${(Number(at(Math.max(median, most))) + 8).toFixed(1)}" y="${middle}" dominant-baseline="central">` +
        `${Math.round(median).toLocaleString("en")}</text>`,
    ].join("\n");
  });
  return [`<text x="0" y="${top + 22}" font-weight="600">${escape(title)}</text>`, ...lines].join("\n");
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
