/* Doubts: how often such days pass, what it takes to spoil them, and what the rules of thumb would have said. */
import { axis, chart, type Colours, type Option } from "../common/charts";
import { h } from "../common/dom";
import { number, percent } from "../common/numbers";
import { named, say, type Word } from "../common/words";
import { numbers, one_day, several_dates, staff_of, type Doubt, type Maybe, type Run, type Staff } from "./data";
import { clock_of, grid, list_of, note } from "./parts";

/* ---- Every day ------------------------------------------------------------------------------------ */

const BINS = 24;

/* How many days passed and missed, by the share of buyers who left; in the same bins for all runs that stand side by side. */
interface Bins { edges: number[]; met: number[]; missed: number[] }

function bins(run: Run, all: Run[]): Bins | null {
  const left = numbers(run.days, "abandonment"), met = numbers(run.days, "met");
  const width = Math.max(0, ...all.flatMap((one) => numbers(one.days, "abandonment")).map((share) => share ?? 0)) / BINS;
  if (!(width > 0)) return null;
  const counts = [new Array<number>(BINS).fill(0), new Array<number>(BINS).fill(0)];
  left.forEach((one, i) => { if (one !== null) counts[met[i] === 1 ? 1 : 0]![Math.min(BINS - 1, Math.floor(one / width))]! += 1; });
  return { edges: counts[0]!.map((_, i) => i * width), met: counts[1]!, missed: counts[0]! };
}

const tallest = (found: Bins): number => Math.max(...found.met.map((met, i) => met + found.missed[i]!));

function days(run: Run, all: Run[]): (HTMLElement | null)[] {
  if (!run.summary.objectives.length) return [note(say("doubt.days.no_objectives"))];
  if (one_day(run)) return [];
  const n = run.summary.replications, met = run.summary.days_met, range = run.days.met_ci95;
  const found = bins(run, all), most = all.length > 1 ? Math.max(...all.map((one) => bins(one, all)).map((one) => (one ? tallest(one) : 0))) : undefined, labels = found?.edges.map((edge) => percent(edge));
  return [
    range ? h("p", {}, say("doubt.days.sentence", { n, met, share: percent(met / n), low: percent(range[0]), high: percent(range[1]) })) : null,
    found && n >= 10 ? chart({
      title: say("doubt.days"), height: 200,
      figures: { head: [say("doubt.days.axis"), say("doubt.days.met"), say("doubt.days.missed")], rows: labels!.map((label, i) => [`≥ ${label}`, number(found.met[i]), number(found.missed[i])]) },
      option: (c) => ({
        legend: { data: [say("doubt.days.met"), say("doubt.days.missed")], textStyle: { color: c.text }, right: 8, top: 0, itemHeight: 8, itemWidth: 16, itemGap: 16 },
        grid: { left: 4, right: 12, top: 30, bottom: 22, containLabel: true },
        xAxis: axis(c, { type: "category", data: labels, name: say("doubt.days.axis"), nameLocation: "middle", nameGap: 24, nameTextStyle: { color: c.text, align: "center" } }),
        yAxis: axis(c, { type: "value", minInterval: 1, splitNumber: 3, max: most }),
        series: [
          { type: "bar", stack: "days", name: say("doubt.days.met"), data: found.met, itemStyle: { color: c.accent }, barCategoryGap: "10%" },
          { type: "bar", stack: "days", name: say("doubt.days.missed"), data: found.missed, itemStyle: { color: c.red } },
        ],
      }),
    }) : null,
    run.days.all > run.days.rows.length ? h("p", { class: "small quiet" }, say("doubt.days.shown", { n: run.days.rows.length })) : null,
  ];
}

/* ---- The tornado ----------------------------------------------------------------------------------- */

interface Bar { what: string; less: Maybe; more: Maybe }

/* Bars in the order of the program, which puts the worst first. */
function bars(tornado: Doubt[]): Bar[] {
  return [...new Set(tornado.map((one) => one.what))].map((what) => {
    const of = (factor: number) => tornado.find((one) => one.what === what && (factor < 1 ? one.factor < 1 : one.factor > 1))?.probability_met.mean ?? null;
    return { what: named(`doubt.${what}`) ?? what, less: of(0.8), more: of(1.2) };
  });
}

/* A bar from what is planned to what becomes of it. */
function tornado_option(list: Bar[], base: number, c: Colours): Option {
  const points = (values: Maybe[]) => values.map((value, i) => [base * 100, (value ?? base) * 100, i]);
  const series = (name: string, values: Maybe[], colour: string): Option => ({
    type: "custom", name, itemStyle: { color: colour }, encode: { x: [0, 1], y: 2 }, data: points(values),
    renderItem: (_: unknown, api: { value: (k: number) => number; coord: (at: number[]) => number[]; size: (by: number[]) => number[]; style: () => Option }) => {
      const from = api.coord([api.value(0), api.value(2)]), to = api.coord([api.value(1), api.value(2)]), height = api.size([0, 1])[1]! * 0.34;
      const top = name === say("doubt.less") ? from[1]! - height : from[1]!;
      return { type: "rect", shape: { x: Math.min(from[0]!, to[0]!), y: top, width: Math.max(1, Math.abs(to[0]! - from[0]!)), height }, style: { fill: colour } };
    },
  });
  return {
    legend: { data: [say("doubt.less"), say("doubt.more")], textStyle: { color: c.text }, right: 8, top: 0, itemHeight: 8, itemWidth: 16, itemGap: 16 },
    grid: { left: 4, right: 20, top: 30, bottom: 4, containLabel: true },
    tooltip: { show: false },
    xAxis: axis(c, { type: "value", min: 0, max: 100 }),
    yAxis: axis(c, { type: "category", data: list.map((one) => one.what), inverse: true, splitLine: { show: false }, axisLabel: { color: c.text } }),
    series: [
      { ...series(say("doubt.less"), list.map((one) => one.less), c.quiet), markLine: { symbol: "none", silent: true, label: { show: false }, lineStyle: { color: c.text, type: "dashed" }, data: [{ xAxis: base * 100 }] } },
      series(say("doubt.more"), list.map((one) => one.more), c.accent),
    ],
  };
}

function tornado(staff: Staff): HTMLElement[] {
  const risk = staff.risk, base = risk?.as_planned.probability_met.mean;
  if (!risk || base === null || base === undefined || !risk.tornado.length) return [];
  const list = bars(risk.tornado);
  return [chart({
    title: say("doubt.tornado"), height: 60 + list.length * 42,
    figures: { head: [say("doubt.what"), say("doubt.less"), say("doubt.more")], rows: list.map((one) => [one.what, hundred(one.less), hundred(one.more)]) },
    option: (c) => tornado_option(list, base, c),
  }), h("p", { class: "small quiet" }, say("doubt.tornado.base", { n: hundred(base) }))];
}

const hundred = (share: Maybe): string => number(share === null ? null : share * 100);

function risks(staff: Staff): HTMLElement[] {
  const risk = staff.risk, list: string[] = [];
  for (const one of staff.sensitivity) {
    const key = `doubt.sensitivity.${one.possible ? "" : "none."}${one.what}`;
    if (named(key) !== undefined) list.push(say(key as Word, { n: one.on_duty_at_once ?? "" }));
  }
  const worst = risk?.as_planned.worst_interval;
  if (worst && worst.left.mean !== null) list.push(say("doubt.worst", { minutes: worst.minutes, at: clock_of(worst.mostly_at), left: number(worst.left.mean, 1), share: percent(worst.share_left, 0), p90: number(worst.left_p90) }));
  if (risk?.one_absent) list.push(say("doubt.absent", { from: clock_of(risk.one_absent.from), to: clock_of(risk.one_absent.to), n: hundred(risk.one_absent.probability_met.mean) }));
  if (risk?.buffer && risk.buffer.people > 0) list.push(say("doubt.buffer", { n: risk.buffer.people,
    shifts: list_of(risk.buffer.on_call.map((one) => `${clock_of(one.from)}–${clock_of(one.to)} ${say("report.people", { n: one.people })}`)) }));
  return list.length ? [h("ul", {}, list.map((text) => h("li", {}, text)))] : [];
}

/* How large the promotion turns out. */
function promotion(staff: Staff): HTMLElement[] {
  const found = staff.risk?.multiplier;
  if (!found) return [];
  const rows = (["p10", "p50", "p90"] as const).map((size) => [say(`doubt.promotion.${size}` as Word), hundred(found[size].probability_met.mean), percent(found[size].abandonment.mean)]);
  return [grid(say("doubt.promotion"), [say("doubt.promotion"), say("doubt.promotion.met"), say("fact.left")], rows, { narrow: true })];
}

function rules(staff: Staff): HTMLElement[] {
  const rows = staff.rules_of_thumb.map((one) => [named(`rule.${one.rule}`) ?? one.rule, number(one.people), named(`why.${one.why_it_differs}`) ?? ""]);
  if (!rows.length) return [];
  return [h("h3", {}, say("doubt.rules")), grid(say("doubt.rules"), [say("doubt.rule"), say("doubt.rule.people"), say("doubt.rule.why")],
    [[say("doubt.rule.answer"), number(staff.headcount.on_duty_at_once), ""], ...rows], { chosen: 0, words: true })];
}

export function doubts(run: Run, all: Run[]): (HTMLElement | null)[] {
  const staff = staff_of(run);
  if (several_dates(run)) return [note(say("missing.risk.period"))];
  return [...days(run, all), ...(staff ? [...tornado(staff), ...promotion(staff), ...risks(staff), ...rules(staff)] : run.staff ? [] : [note(say("missing.risk"))])];
}

