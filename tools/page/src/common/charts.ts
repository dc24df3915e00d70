/* Pictures of figures: the parts of ECharts that are used and no others, in the colours of theme.css, and behind every picture the same
 * figures as a table, for who cannot see it or wants the numbers. SVG, so that it prints sharply. */
import { BarChart, CustomChart, HeatmapChart, LineChart } from "echarts/charts";
import { GridComponent, LegendPlainComponent, MarkLineComponent, TooltipComponent, VisualMapContinuousComponent } from "echarts/components";
import * as echarts from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { h, table } from "./dom";
import { say } from "./words";

echarts.use([BarChart, CustomChart, HeatmapChart, LineChart, GridComponent, LegendPlainComponent, MarkLineComponent, TooltipComponent,
  VisualMapContinuousComponent, SVGRenderer]);

export interface Colours {
  text: string; quiet: string; line: string; paper: string; accent: string; accent_soft: string; green: string; amber: string; red: string;
}
export type Option = Record<string, unknown>;
export interface Figures { head: string[]; rows: string[][] }
export interface Picture { title: string; height?: number; option: (colours: Colours) => Option; figures: Figures }

/* The theme's colours as they are now, light or dark. */
export function colours(): Colours {
  const style = getComputedStyle(document.documentElement);
  const of = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    text: of("text"), quiet: of("quiet"), line: of("line"), paper: of("paper"), accent: of("accent"), accent_soft: of("accent-soft"),
    green: of("green"), amber: of("amber"), red: of("red"),
  };
}

/* Axes and hints that look alike in every picture. */
function dressed(option: Option, c: Colours): Option {
  return {
    animation: false, /* what is drawn is all there at once, for who looks and for the printer */
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: c.text, fontSize: 12 },
    tooltip: { trigger: "axis", confine: true, backgroundColor: c.paper, borderColor: c.line, textStyle: { color: c.text, fontSize: 13 } },
    grid: { left: 4, right: 12, top: 28, bottom: 4, containLabel: true },
    ...option,
  };
}

/* An axis of values or names; `more` overrides. */
export function axis(c: Colours, more: Option): Option {
  return {
    axisLine: { lineStyle: { color: c.line } }, axisTick: { show: false }, axisLabel: { color: c.quiet, hideOverlap: true },
    splitLine: { lineStyle: { color: c.line, opacity: 0.6 } }, nameTextStyle: { color: c.quiet, align: "left" }, ...more,
  };
}

/* ---- When they are drawn --------------------------------------------------------------------------
 *
 * The words of a page come first. Until they have been painted every chart waits; from then on a chart in view is drawn at once, and the others
 * the nearest first, some at a time, so that the page answers in between. On paper all are there. */

const AT_A_TIME_MS = 80; /* chosen: hardly felt by who clicks meanwhile; a chart takes some 20, and each turn lays out the page anew */
const waiting = new Map<HTMLElement, () => void>();
let painted = false, under_way = false;

const away = (canvas: HTMLElement): number => {
  const { top, bottom } = canvas.getBoundingClientRect();
  return top > innerHeight ? top - innerHeight : Math.max(0, -bottom);
};

function draw_waiting(canvas: HTMLElement): void {
  const draw = waiting.get(canvas);
  waiting.delete(canvas);
  draw?.();
}

function draw_nearest(): void {
  painted = true;
  const before = performance.now(), nearest_first = [...waiting.keys()].map((canvas) => ({ canvas, far: away(canvas) })).sort((a, b) => a.far - b.far);
  for (const { canvas } of nearest_first) {
    draw_waiting(canvas);
    if (performance.now() - before > AT_A_TIME_MS) break;
  }
  under_way = waiting.size > 0;
  if (under_way) setTimeout(draw_nearest);
}

function draw_soon(canvas: HTMLElement, draw: () => void): void {
  waiting.set(canvas, draw);
  if (painted && away(canvas) === 0) draw_waiting(canvas);
  else if (!under_way) {
    under_way = true;
    requestAnimationFrame(() => setTimeout(draw_nearest)); /* a task of its own, after the frame */
  }
}

/* Before anybody who prepares drawings for paper: this listener is the first. */
addEventListener("beforeprint", () => [...waiting.keys()].forEach(draw_waiting), { capture: true });

/* The picture with its title and table, for the page to put somewhere. It follows the width it is given and the colours of the theme. */
export function chart(picture: Picture): HTMLElement {
  const canvas = h("div", { class: "chart-canvas", style: `height:${picture.height ?? 240}px`, role: "img", "aria-label": picture.title });
  const figure = h("figure", { class: "chart" }, h("figcaption", {}, picture.title), canvas,
    h("details", { class: "chart-table" }, h("summary", {}, say("chart.table")),
      h("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": picture.title }, table(picture.title, picture.figures.head, picture.figures.rows))));
  let instance: echarts.ECharts | undefined;
  const draw = () => {
    const c = colours();
    instance?.setOption(dressed(picture.option(c), c), true);
  };
  const begin = () => {
    instance = echarts.init(canvas, null, { renderer: "svg" });
    draw();
  };
  const fit = () => {
    if (!instance || !canvas.clientWidth || canvas.clientWidth === instance.getWidth()) return;
    instance.resize();
    instance.getZr().flush(); /* not at the next frame: what is printed may have none */
  };
  /* Charts measure their element, so they begin once it has a size; they end when it has left the page. */
  const sized = new ResizeObserver(() => {
    if (!canvas.isConnected) end();
    else if (instance) fit();
    else if (canvas.clientWidth) draw_soon(canvas, begin);
  });
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const end = () => {
    sized.disconnect();
    waiting.delete(canvas);
    dark.removeEventListener("change", draw);
    removeEventListener("beforeprint", fit);
    removeEventListener("afterprint", fit);
    instance?.dispose();
    instance = undefined;
  };
  dark.addEventListener("change", draw);
  addEventListener("beforeprint", fit);
  addEventListener("afterprint", fit);
  sized.observe(canvas);
  return figure;
}
