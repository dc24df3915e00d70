/* Agents: who has how many waiting when, how full their day is, what each did. */
import { axis, chart, type Colours, type Option, type Picture } from "../common/charts";
import { h } from "../common/dom";
import { number, percent, seconds } from "../common/numbers";
import { say, type Word } from "../common/words";
import { column, numbers, several_dates, type Load, type Maybe, type Run } from "./data";
import { clock_of, date_of, grid, note, shown } from "./parts";

/* ---- Queue depth over time ----------------------------------------------------------------------- */

function row_names(load: Load): string[] {
  return load.depth.agents.map(([name, people]) => (people > 1 ? say("heat.more", { who: name, n: people }) : name));
}

function heat_option(load: Load, labels: string[], most: number, c: Colours): Option {
  const names = row_names(load), cells = load.depth.rows.flatMap((row, r) => row.map((depth, i) => [i, r, depth === null ? "-" : depth]));
  const wide = Math.max(...names.map((name) => name.length)) > 10;
  return {
    tooltip: { trigger: "item", confine: true, backgroundColor: c.paper, borderColor: c.line, textStyle: { color: c.text, fontSize: 13 },
      formatter: (at: { value: [number, number, number] }) => escaped(say("heat.cell", { who: names[at.value[1]] ?? "", at: labels[at.value[0]] ?? "", n: number(at.value[2], 1) })) },
    grid: { left: 4, right: 12, top: 8, bottom: 46, containLabel: true },
    xAxis: axis(c, { type: "category", data: labels, splitLine: { show: false } }),
    yAxis: axis(c, { type: "category", data: load.depth.agents.map(([name, people]) => (people > 1 ? say("heat.from", { who: name }) : name)), inverse: true, splitLine: { show: false }, axisLabel: { color: c.quiet, fontSize: names.length > 16 ? 10 : 12, width: wide ? 110 : 80, overflow: "truncate" } }),
    visualMap: { min: 0, max: most, orient: "horizontal", left: "center", bottom: 0, itemWidth: 10, itemHeight: 120, text: [number(most, 1), "0"], textStyle: { color: c.quiet }, inRange: { color: [c.accent_soft, c.accent] }, calculable: false },
    series: [{ type: "heatmap", data: cells, emphasis: { itemStyle: { borderColor: c.text, borderWidth: 1 } }, progressive: 0, itemStyle: { borderWidth: 0 } }],
  };
}

/* Hints are markup to the chart library, names are anybody's. */
const escaped = (text: string): string => text.replace(/[&<>"]/g, (found) => `&#${found.charCodeAt(0)};`);

/* The deepest queue of all runs that stand side by side. */
const deepest = (all: Run[]): number => Math.max(1, ...all.flatMap((run) => run.load?.depth.rows.flat() ?? []).map((depth) => depth ?? 0));

function heat(run: Run, load: Load, all: Run[]): HTMLElement[] {
  const { span, agents, rows } = load.depth, together = agents.reduce((most, [, people]) => Math.max(most, people), 1);
  const dated = several_dates(run);
  const labels = load.steps.filter((_, i) => i % span === 0).map((from) => (dated ? `${date_of(from)} ${clock_of(from)}` : clock_of(from)));
  const picture: Picture = {
    title: together > 1 ? say("heat.title.many", { n: together }) : say("heat.title"),
    height: 90 + Math.max(agents.length, 3) * (agents.length > 16 ? 13 : 22),
    option: (c) => heat_option(load, labels, deepest(all), c),
    figures: { head: [say("heat.agent"), ...labels], rows: rows.map((row, r) => [row_names(load)[r]!, ...row.map((depth) => number(depth, 1))]) },
  };
  return [chart(picture), h("p", { class: "small quiet" }, say("heat.explain"))];
}

/* ---- Load bands ----------------------------------------------------------------------------------- */

const band_words = (band: number): string => say(`band.${band}` as Word);

function bands(run: Run): HTMLElement[] {
  const counts = run.agents.bands;
  if (!counts.some((count) => count > 0)) return [];
  const figures = { head: [say("agent.band"), say("band.people")], rows: counts.map((count, band) => [band_words(band), number(count)]) };
  return [chart({
    title: say("band.title"), height: 170, figures,
    option: (c) => ({
      grid: { left: 4, right: 40, top: 8, bottom: 4, containLabel: true },
      xAxis: axis(c, { type: "value", minInterval: 1, splitNumber: 3 }),
      yAxis: axis(c, { type: "category", data: counts.map((_, band) => band_words(band)), inverse: true, splitLine: { show: false }, axisLabel: { color: c.text } }),
      series: [{ type: "bar", data: counts, itemStyle: { color: c.accent }, barWidth: "62%", label: { show: true, position: "right", color: c.text, formatter: (at: { value: number }) => number(at.value) } }],
    }),
  }), h("p", { class: "small quiet" }, say("band.explain"))];
}

/* ---- Each of them --------------------------------------------------------------------------------- */

/* Columns of the table, by the name in agents.csv. */
const COLUMNS: [string, Word, (value: Maybe) => string][] = [
  ["chats_answered", "agent.answered", (v) => shown(v, "count")], ["abandonment", "agent.left", (v) => percent(v)], ["replies", "agent.replies", (v) => number(v)], ["first_response_s.mean", "agent.first", seconds],
  ["response_s.mean", "agent.response", seconds], ["response_s.p90", "agent.p90", seconds], ["reply_rate_3min", "agent.rate", (v) => percent(v)],
  ["occupancy", "agent.idle", (v) => percent(v === null ? null : 1 - v, 0)], ["concurrency", "agent.open", (v) => number(v, 1)], ["queue_depth.mean", "agent.depth", (v) => number(v, 1)],
];

function everybody(run: Run): HTMLElement {
  const names = column(run.agents, "agent").map(String), values = COLUMNS.map(([name]) => numbers(run.agents, name)), band = numbers(run.agents, "load_band");
  const banded = band.some((one) => one !== null);
  const head = [say("agent.name"), ...COLUMNS.map(([, word]) => say(word)), ...(banded ? [say("agent.band")] : [])];
  return grid(say("section.agents"), head, names.map((name, r) => [name, ...COLUMNS.map(([, , as], k) => as(values[k]![r] ?? null)),
    ...(banded ? [band[r] === null ? say("none") : band_words(Math.round(band[r]!)).replace(/[（(].*/, "").trim()] : [])]));
}

function spread(run: Run): HTMLElement[] {
  const heads: Word[] = ["agent.least", "agent.p10", "agent.median", "agent.p90th", "agent.most"];
  const rows = COLUMNS.map(([name, word, as]) => {
    const found = run.agents.quantiles![run.agents.columns.indexOf(name) - 1]!;
    return [say(word), ...(word === "agent.idle" ? [...found].reverse() : found).map(as)]; /* the busiest are the least idle */
  });
  return [h("p", {}, say("agent.many", { n: number(run.agents.all) })), grid(say("section.agents"), [say("agent.figure"), ...heads.map((word) => say(word))], rows)];
}

export function agents(run: Run, all: Run[]): (HTMLElement | null)[] {
  return [...(run.load ? heat(run, run.load, all) : [note(say("missing.load"))]), ...bands(run), ...(run.agents.quantiles ? spread(run) : [everybody(run)]),
    h("p", { class: "small quiet" }, say("agent.no_range"))];
}
