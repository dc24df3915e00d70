/* The day as a picture: buyers who arrive, people needed and on duty, who waits. Of several dates one bar each. */
import { axis, chart, type Colours, type Option, type Picture } from "../common/charts";
import { h } from "../common/dom";
import { number, percent, seconds } from "../common/numbers";
import { say } from "../common/words";
import { column, figure, month_of, numbers, of_group, several_dates, staff_of, type Maybe, type Run } from "./data";
import { clock_of, grid, note, shown, weekday_of } from "./parts";

/* What is drawn of a run, interval by interval. */
interface Series { from: string[]; chats: Maybe[]; left: Maybe[]; first: Maybe[]; needed: Maybe[]; scheduled: Maybe[]; on_duty: Maybe[]; depth: Maybe[] }

function per_hour(run: Run, values: Maybe[]): Maybe[] {
  return values.map((value) => (value === null ? null : value / (run.world.interval_s / 3600)));
}

/* People of all groups together, as staff has them by interval. */
function staff_people(run: Run, from: string[], what: "required" | "scheduled"): Maybe[] {
  const staff = staff_of(run);
  if (!staff) return [];
  return from.map((instant) => staff.intervals.filter((one) => one.from === instant && one[what] !== null).reduce((sum, one) => sum + (one[what] ?? 0), 0));
}

export function series_of(run: Run): Series | null {
  if (!run.intervals) return null;
  const desk = of_group(run.intervals, "*"), from = column(desk, "from").map(String), load = run.load?.groups[0];
  return {
    from, chats: per_hour(run, numbers(desk, "chats_offered")), left: per_hour(run, numbers(desk, "chats_abandoned")), first: numbers(desk, "first_response_s.p90"),
    needed: staff_people(run, from, "required"), scheduled: staff_people(run, from, "scheduled"), on_duty: load?.on_duty ?? [],
    depth: load ? load.queue_depth.map((depth, i) => (depth === null ? null : depth * (load.on_duty[i] ?? 0) + (load.waiting[i] ?? 0))) : [],
  };
}

/* Three pictures under one another that share their time, so that one can be read off the other. */
const TOPS = [58, 214, 354], HEIGHTS = [110, 90, 100];

/* What the axes of the day's panes reach, the same for all runs that stand side by side. */
interface Reach { chats: number; people: number; first: number }

/* The next figure upwards that an axis ends well at. */
function round_up(value: number): number {
  const unit = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return ([2, 4, 6, 8, 10].find((step) => step * unit >= value) ?? 10) * unit;
}

function reach_of(all: Run[]): Reach {
  const series = all.map(series_of).filter((one): one is Series => one !== null);
  const most = (of: (s: Series) => Maybe[]) => round_up(Math.max(0, ...series.flatMap(of).map((value) => value ?? 0)));
  return { chats: most((s) => s.chats), people: most((s) => [...s.needed, ...s.on_duty, ...s.scheduled]), first: most((s) => s.first) };
}

function panes(c: Colours, names: string[], labels: string[], reach: (number | undefined)[] = []): Option {
  return {
    grid: TOPS.map((top, i) => ({ left: 44, right: 14, top, height: HEIGHTS[i] })),
    xAxis: TOPS.map((_, i) => axis(c, { type: "category", data: labels, gridIndex: i, boundaryGap: true, axisLabel: { color: c.quiet, show: i === 2, hideOverlap: true } })),
    yAxis: names.map((name, i) => axis(c, { type: "value", gridIndex: i, name, nameGap: 10, max: reach[i], interval: reach[i] === undefined ? undefined : reach[i]! / 2, splitNumber: 3, minInterval: i === 1 ? 1 : 0, nameTextStyle: { color: c.text, align: "left", padding: [0, 0, 0, -36] } })),
    axisPointer: { link: [{ xAxisIndex: "all" }] },
  };
}

function marks(run: Run, s: Series, c: Colours): Option | undefined {
  const data = run.world.openings.flatMap((opening) => {
    const at = s.from.findIndex((from, i) => from <= opening.at && (i + 1 === s.from.length || opening.at < s.from[i + 1]!));
    return at >= 0 ? [{ xAxis: at, label: { formatter: say("day.opens", { name: opening.name }), color: c.quiet, position: "end" } }] : [];
  });
  return data.length ? { symbol: "none", silent: true, lineStyle: { color: c.quiet, type: "dashed" }, data } : undefined;
}

function day_option(run: Run, s: Series, reach: Reach, c: Colours): Option {
  const bar = (name: string, data: Maybe[], colour: string, more: Option = {}): Option => ({ type: "bar", name, data, itemStyle: { color: colour }, barGap: "-100%", barCategoryGap: "12%", ...more });
  const step = (name: string, data: Maybe[], colour: string, more: Option = {}): Option => ({
    type: "line", name, data, step: "middle", symbol: "none", xAxisIndex: 1, yAxisIndex: 1, lineStyle: { color: colour, width: 2 }, itemStyle: { color: colour }, ...more });
  const line = (name: string, data: Maybe[], colour: string, more: Option = {}): Option => ({
    type: "line", name, data, symbol: "none", xAxisIndex: 2, yAxisIndex: 2, lineStyle: { color: colour, width: 2 }, itemStyle: { color: colour }, ...more });
  const series = [
    bar(say("day.chats"), s.chats, c.accent, { markLine: marks(run, s, c) }), bar(say("day.left"), s.left, c.red),
    ...(s.needed.length ? [step(say("day.needed"), s.needed, c.quiet, { lineStyle: { color: c.quiet, width: 2, type: "dashed" } })] : []),
    ...(s.on_duty.length ? [step(say("day.on_duty"), s.on_duty, c.accent, { areaStyle: { color: c.accent_soft, opacity: 0.6 } })] : []),
    line(say("day.first"), s.first, c.accent),
  ];
  const names = series.map((one) => String((one as { name: string }).name));
  return {
    ...panes(c, [say("day.chats"), say("day.people"), say("day.first")], s.from.map(clock_of), [reach.chats, reach.people, reach.first]), series,
    legend: { data: names.filter((name) => name !== say("day.first") && name !== say("day.chats")), textStyle: { color: c.text }, left: 0, top: 0, itemHeight: 8, itemWidth: 16, itemGap: 16 },
    tooltip: { trigger: "axis", confine: true, backgroundColor: c.paper, borderColor: c.line, textStyle: { color: c.text, fontSize: 13 }, valueFormatter: (value: unknown) => (typeof value === "number" ? number(value, 1) : say("none")) },
  };
}

function day_picture(run: Run, s: Series, reach: Reach): Picture {
  const parts: [string, Maybe[], (value: Maybe) => string][] = [
    [say("day.chats"), s.chats, (v) => shown(v, "count")], [say("day.left"), s.left, (v) => shown(v, "count")], [say("day.needed"), s.needed, (v) => number(v)],
    [say("day.scheduled"), s.scheduled, (v) => number(v)], [say("day.on_duty"), s.on_duty, (v) => number(v, 1)], [say("day.first"), s.first, (v) => number(v, 1)],
    [say("day.waiting"), s.depth, (v) => number(v, 1)],
  ];
  const known = parts.filter(([, values]) => values.length > 0);
  return {
    title: say("day.title"), height: 480, option: (c) => day_option(run, s, reach, c),
    figures: { head: [say("day.time"), ...known.map(([name]) => name)], rows: s.from.map((from, i) => [clock_of(from), ...known.map(([, values, as]) => as(values[i] ?? null))]) },
  };
}

/* ---- In words ------------------------------------------------------------------------------------ */

const most = (values: Maybe[]): number => values.reduce<number>((best, value, i) => ((value ?? -1) > (values[best] ?? -1) ? i : best), 0);

function words(run: Run, s: Series): HTMLElement[] {
  const busiest = most(s.chats), left = numbers(of_group(run.intervals!, "*"), "abandonment"), worst = most(left), first = s.first[worst] ?? null;
  const at = (i: number) => clock_of(s.from[i] ?? "");
  return [
    ...(s.on_duty.length ? [h("p", {}, say("day.peak", { at: at(busiest), chats: number(s.chats[busiest]), people: number(s.on_duty[busiest], Number.isInteger(s.on_duty[busiest]) ? 0 : 1) }))] : []),
    ...((left[worst] ?? 0) > 0 ? [h("p", {}, first === null ? say("day.worst.none", { at: at(worst) }) : say("day.worst", { at: at(worst), first: seconds(first), left: percent(left[worst]) }))] : []),
  ];
}

/* ---- Several dates -------------------------------------------------------------------------------- */

interface DateRow { name: string; chats: Maybe; people: Maybe; at_once: Maybe; met: number; left: Maybe; first: Maybe; rate: Maybe; wages: Maybe; shifts: Maybe; holds: boolean | null }

function dates_of(run: Run): DateRow[] {
  const month = month_of(run);
  return run.summary.dates!.map((date, i) => {
    const own = month?.dates[i];
    return {
      name: weekday_of(date.from, date.weekday), chats: own?.chats ?? figure(date.totals, "chats_offered").value, people: own?.people ?? null, at_once: own?.at_once ?? date.on_duty,
      met: date.days_met / run.summary.replications, left: figure(date.totals, "abandonment").value, first: figure(date.totals, "first_response_s.p90").value,
      rate: figure(date.totals, "reply_rate_3min").value, wages: figure(date.totals, "wages_cny").value, shifts: own?.shifts ?? null, holds: own?.holds ?? null,
    };
  });
}

function dates_option(rows: DateRow[], c: Colours): Option {
  const labels = rows.map((row) => row.name.slice(0, 5));
  return {
    ...panes(c, [say("date.chats"), say("date.at_once"), `${say("date.met")} (%)`], labels, [undefined, undefined, 100]),
    series: [
      { type: "bar", name: say("date.chats"), data: rows.map((row) => row.chats), itemStyle: { color: c.accent }, barCategoryGap: "20%" },
      { type: "bar", name: say("date.at_once"), data: rows.map((row) => row.at_once), xAxisIndex: 1, yAxisIndex: 1, itemStyle: { color: c.accent }, barCategoryGap: "20%" },
      { type: "bar", name: say("date.met"), xAxisIndex: 2, yAxisIndex: 2, barCategoryGap: "20%",
        data: rows.map((row) => ({ value: Math.round(row.met * 100), itemStyle: { color: row.holds === false ? c.red : c.accent },
          label: { show: row.holds === false, position: "top", color: c.red, formatter: percent(row.met, 0) } })) },
    ],
  };
}

function dates(run: Run): HTMLElement[] {
  const rows = dates_of(run), month = month_of(run) !== null;
  const columns: [string, (row: DateRow) => string][] = [
    [say("date.chats"), (row) => shown(row.chats, "people")], ...(month ? [[say("date.shifts"), (row: DateRow) => number(row.shifts)], [say("date.people"), (row: DateRow) => number(row.people)]] as [string, (row: DateRow) => string][] : []),
    [say("date.at_once"), (row) => number(row.at_once)], [say("date.met"), (row) => percent(row.met, 0)], [say("date.left"), (row) => percent(row.left)],
    [say("date.first"), (row) => seconds(row.first)], [say("date.rate"), (row) => percent(row.rate)], [say("date.wages"), (row) => shown(row.wages, "money")],
  ];
  const figures = { head: [say("date.date"), ...columns.map(([name]) => name)], rows: rows.map((row) => [row.name, ...columns.map(([, as]) => as(row))]) };
  return [chart({ title: say("date.title"), height: 480, option: (c) => dates_option(rows, c), figures }), grid(say("date.title"), figures.head, figures.rows)];
}

export function day(run: Run, all: Run[]): (HTMLElement | null)[] {
  if (several_dates(run)) return dates(run);
  const s = series_of(run);
  if (!s) return [note(say("missing.intervals", { n: run.world.intervals }))];
  return [...words(run, s), chart(day_picture(run, s, reach_of(all))), s.needed.length ? h("p", { class: "small quiet" }, say(staff_of(run)?.proven ? "day.needed.explain" : "day.needed.plain")) : null, run.load ? null : note(say("missing.load"))];
}

