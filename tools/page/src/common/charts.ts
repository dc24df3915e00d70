/* Pictures of figures: the parts of ECharts that are used and no others, in the colours of theme.css, and behind every picture the same
 * figures as a table, for who cannot see it or wants the numbers. SVG, so that it prints sharply. */
import { BarChart, CustomChart, HeatmapChart, LineChart } from "echarts/charts";
import { AriaComponent, GridComponent, LegendComponent, MarkAreaComponent, MarkLineComponent, TooltipComponent, VisualMapComponent } from "echarts/components";
import * as echarts from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { h, reduced_motion, table } from "./dom";
import { say } from "./words";

echarts.use([BarChart, CustomChart, HeatmapChart, LineChart, AriaComponent, GridComponent, LegendComponent, MarkAreaComponent, MarkLineComponent,
  TooltipComponent, VisualMapComponent, SVGRenderer]);

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
    animation: !reduced_motion(),
    animationDuration: 300,
    aria: { enabled: true },
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
  /* Charts measure their element, so they begin once it has a size; they end when it has left the page. */
  const sized = new ResizeObserver(() => {
    if (!canvas.isConnected) { end(); return; }
    if (!canvas.clientWidth) return;
    if (instance) instance.resize();
    else {
      instance = echarts.init(canvas, null, { renderer: "svg" });
      draw();
    }
  });
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const paper = () => { instance?.resize(); };
  const end = () => {
    sized.disconnect();
    dark.removeEventListener("change", draw);
    removeEventListener("beforeprint", paper);
    removeEventListener("afterprint", paper);
    instance?.dispose();
    instance = undefined;
  };
  dark.addEventListener("change", draw);
  addEventListener("beforeprint", paper);
  addEventListener("afterprint", paper);
  sized.observe(canvas);
  return figure;
}
