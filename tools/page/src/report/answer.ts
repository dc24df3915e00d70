/* The beginning of the report: what matters first in one sentence, then the figures it stands on. */
import { h } from "../common/dom";
import { money, number, percent, seconds } from "../common/numbers";
import { metric_words, unit_of, wanted, type Unit } from "../common/objectives";
import { language, named, say } from "../common/words";
import { figure, month_of, one_day, several_dates, staff_of, type Comparison, type Difference, type Knee, type Plan, type Report, type Run, type Staff, type StaffMonth } from "./data";
import { levers } from "./levers";
import { clock_of, date_of, facts, grid, joined, list_of, note, of_100, range_shown, shown, type Fact } from "./parts";
import { roster_by_name } from "./team";

/* ---- The sentence ------------------------------------------------------------------------------- */

const answer_of = (staff: Staff): Plan | undefined => staff.curve.find((plan) => plan.plan === "answer");

/* When everybody is on duty: the longest stretch of the fullest intervals. */
function busiest(staff: Staff): { from: string; to: string } {
  const steps = [...new Set(staff.intervals.map((one) => one.from))].map((from) => {
    const own = staff.intervals.filter((one) => one.from === from);
    return { from, to: own[0]!.to, people: own.reduce((sum, one) => sum + (one.scheduled ?? 0), 0) };
  });
  const most = Math.max(...steps.map((step) => step.people));
  let best = { from: "", to: "", steps: 0 }, now = best;
  for (const step of steps) {
    if (step.people < most) { now = { from: "", to: "", steps: 0 }; continue; }
    now = { from: now.steps ? now.from : step.from, to: step.to, steps: now.steps + 1 };
    if (now.steps > best.steps) best = now;
  }
  return best;
}

/* The objective that no headcount reaches, in words. */
function beyond_reach(run: Run, staff: Staff): { what: string; want: string } {
  const name = staff.knee!.objective;
  return { what: metric_words(name), want: wanted(run.summary.objectives.find((one) => one.name === name)?.want ?? "", name) };
}

function staff_sentence(run: Run, staff: Staff): string {
  if (staff.knee?.why === "unreachable" && staff.knee.beyond?.too_small_to_judge)
    return say("head.staff.small", { ...beyond_reach(run, staff), n: number(figure(run.summary.totals, "chats_offered").value) });
  if (staff.knee?.why === "unreachable") return say("head.staff.unreachable", { ...beyond_reach(run, staff), people: staff.headcount.payroll });
  const met = staff.probability_met.mean, at = busiest(staff);
  return say("head.staff", { from: clock_of(at.from), to: clock_of(at.to), peak: staff.headcount.on_duty_at_once, people: staff.headcount.payroll, days: number((met ?? 0) * 100),
    cost: staff.cost_cny === null ? "" : say("head.staff.cost", { cost: money(staff.cost_cny) }) });
}

function month_sentence(month: StaffMonth): string {
  return say("head.month", { people: month.team?.payroll ?? say("none"), hired: month.team?.hired ?? 0, dates: month.dates.length, held: month.dates_held,
    cost: month.wages_cny === null ? "" : say("head.staff.cost", { cost: money(month.wages_cny) }) });
}

/* The first objective that is missed, those of the buyers before those of the platform. */
function missed_of(run: Run) {
  const missed = run.summary.objectives.filter((objective) => objective.met === false);
  return missed.find((objective) => objective.name === "abandonment") ?? missed[0];
}

/* One buyer in ten who goes is many, whatever was asked for. */
const MANY_LEFT = 0.1, HARDLY_ANY = 0.0005;

export function is_green_but_gone(run: Run): boolean {
  const left = figure(run.summary.totals, "abandonment").value, rate = figure(run.summary.totals, "platform_reply_rate_3min").value;
  const least = run.world.platform.reply_rate_min;
  const missed = run.summary.objectives.some((objective) => objective.name === "abandonment" && objective.met === false);
  return least !== null && rate !== null && left !== null && rate >= least && (missed || left >= MANY_LEFT);
}

function run_sentence(run: Run): string {
  const totals = run.summary.totals, share = figure(totals, "abandonment").value, left = of_100(share), first = seconds(figure(totals, "first_response_s.p90").value);
  const missed = missed_of(run);
  if (figure(totals, "chats_offered").value === 0) return say("head.nobody");
  if (is_green_but_gone(run)) return say("head.green", { rate: percent(figure(totals, "platform_reply_rate_3min").value), left });
  if (missed) return say("head.missed", { what: metric_words(missed.name), got: shown(missed.got, unit_of(missed.name)), want: wanted(missed.want, missed.name) });
  const none = share !== null && share < HARDLY_ANY;
  const { days_met, replications } = run.summary, passed = days_met / replications;
  if (run.summary.objectives.length && !one_day(run) && !several_dates(run) && passed < run.world.day_probability)
    return say("head.met.days", { days: number(passed * 100), goal: number(run.world.day_probability * 100), left, first });
  if (run.summary.objectives.length) return say(none ? "head.met.none" : "head.met", { people: number(run.world.agents), left, first });
  return say(none ? "head.plain.none" : "head.plain", { left, first });
}

/* What an owner asks for first comes first; two of a kind say no more than one. */
const TELLING = ["abandonment", "days_met", "first_response_s.p90", "reply_rate_3min", "sales_cny", "response_s.mean", "no_service_rate"];

function telling(comparison: Comparison, better: "a" | "b"): string {
  const found = TELLING.map((name) => comparison.differences.find((d) => d.group === null && d.figure === name && d.better === better)).filter((d): d is Difference => !!d);
  return found.slice(0, 3).map((d) => pair(d.figure, d.a, d.b)).join(say("head.pair.join"));
}

function pair(name: string, a: number | null, b: number | null): string {
  return say("head.pair", { what: metric_words(name), a: shown(a, unit_of(name)), b: shown(b, unit_of(name)) });
}

/* Wages are not compared by the program, as they hardly vary from day to day: what they are is said. */
function wages(report: Report): { better: string; worse: string } {
  const [a, b] = report.runs.map((run) => figure(run.summary.totals, "wages_cny").value);
  if (a == null || b == null || Math.round(a) === Math.round(b)) return { better: "", worse: "" };
  return b < a ? { better: pair("wages_cny", a, b), worse: "" } : { better: "", worse: pair("wages_cny", a, b) };
}

function comparison_sentence(report: Report, comparison: Comparison): string {
  const paid = wages(report), both = (list: string[]) => list.filter((text) => text !== "").join(say("head.pair.join"));
  const better = both([telling(comparison, "b"), paid.better]), worse = both([telling(comparison, "a"), paid.worse]);
  if (better && worse) return say("head.mixed", { better, worse });
  if (better) return say("head.better", { list: better });
  return worse ? say("head.worse", { list: worse }) : say("head.same");
}

export function sentence(report: Report): string {
  const run = report.runs[0]!, staff = staff_of(run), month = month_of(run);
  if (report.comparison) return comparison_sentence(report, report.comparison);
  return staff ? staff_sentence(run, staff) : month ? month_sentence(month) : run_sentence(run);
}

/* ---- Under it ------------------------------------------------------------------------------------ */

function run_facts(run: Run): Fact[] {
  const totals = run.summary.totals, period = several_dates(run), days = run.summary.objectives.length && run.summary.replications > 1 && !period;
  const of = (label: Fact["label"], name: string, unit: Unit): Fact => ({ label, unit, ...figure_of(run, name) });
  const met = { value: run.summary.days_met / run.summary.replications, range: run.days.met_ci95 };
  return [
    of(say("fact.left"), "abandonment", "share"), of(say("fact.first"), "first_response_s.p90", "seconds"), of(say("fact.rate"), "reply_rate_3min", "share"),
    ...(days ? [{ label: say("fact.days"), unit: "share" as Unit, ...met }] : []),
    ...(figure(totals, "wages_cny").value !== null ? [of(say(period ? "fact.cost.period" : "fact.cost"), "wages_cny", "money")] : []),
    of(say(period ? "fact.chats.period" : "fact.chats"), "chats_offered", "count"),
  ];
}

function figure_of(run: Run, name: string): { value: number | null; range: [number, number] | null } {
  return figure(run.summary.totals, name);
}

function knee_words(run: Run, staff: Staff, knee: Knee): string[] {
  if (knee.why !== "unreachable") return [say("plan.knee")];
  const bound = knee.beyond?.reachable_bound ?? null;
  return [say(knee.beyond?.too_small_to_judge ? "plan.small" : "plan.unreachable", beyond_reach(run, staff)), ...(bound === null ? [] : [say("plan.reachable", { bound: shown(bound, unit_of(knee.objective)) })]),
    ...(knee.beyond?.replies_a_fifth_faster_do ? [say("plan.faster")] : [])];
}

/* Beyond those of today; of whoever is slower at first, as many more as make up for it. */
function more_people({ headcount: { more_than_today: n, new_hires: new_hires } }: Staff): string[] {
  if (n <= 0) return [];
  return [new_hires > n ? say("head.staff.more.new", { n, new_hires }) : say("head.staff.more", { n })];
}

function staff_notes(run: Run, staff: Staff): (HTMLElement | null)[] {
  const now = staff.curve.find((plan) => plan.plan === "now"), answer = answer_of(staff);
  const saved = now?.cost_cny != null && answer?.cost_cny != null ? now.cost_cny - answer.cost_cny : 0;
  const less = Math.round(saved) > 0 ? say("head.staff.cheaper", { cost: money(saved) }) : Math.round(saved) < 0 ? say("head.staff.dearer", { cost: money(-saved) }) : say("head.staff.other");
  const said = [
    ...(staff.now_passes && now ? [say("head.staff.now", { now: now.payroll, less })] : []),
    ...more_people(staff),
    ...(staff.knee ? knee_words(run, staff, staff.knee) : []),
  ];
  return [said.length ? h("p", { class: "under" }, joined(said)) : null];
}

function believed(staff: Staff): HTMLElement | null {
  const day = staff.ordinary_day;
  if (!day.given) return null;
  const values = { replayed: seconds(day.replayed_response_s), given: seconds(day.response_s), factor: number(day.reply_time_factor, 2) };
  return h("p", { class: "under quiet" }, say(day.reply_time_factor === 1 ? "plan.believe" : "plan.fitted", values));
}

function notes(run: Run, single: boolean): string[] {
  const list: string[] = [];
  if (run.summary.partial) list.push(say("note.partial", { n: run.summary.replications }));
  if (one_day(run)) list.push(say("note.one_day"));
  if (run.engine?.valid === false) list.push(say(run.engine.shards ? "note.invalid_shards" : "note.invalid"));
  if (single && !run.staff && run.summary.command !== "drive") list.push(say("missing.staff"));
  return list;
}

/* Lines of a Chinese headline end where a clause does. */
function clauses(text: string): (HTMLElement | string)[] {
  if (language() !== "zh") return [text];
  return text.split(/(?<=[，；：。])/).map((part) => h("span", {}, part));
}

export function answer(report: Report): (HTMLElement | null)[] {
  const single = report.runs.length === 1, run = report.runs[0]!, staff = staff_of(run);
  return [
    h("h1", { class: "headline" }, clauses(sentence(report))),
    ...(single && staff ? staff_notes(run, staff) : []),
    ...(single ? [facts(run_facts(run))] : []),
    ...(single && !one_day(run) ? [h("p", { class: "small quiet" }, say("facts.explain"))] : []),
    ...(report.comparison && !report.comparison.paired ? [note(say("note.not_paired"))] : []),
    ...[...new Set(report.runs.flatMap((one) => notes(one, single)))].map(note),
  ];
}

/* ---- The plan ------------------------------------------------------------------------------------ */

function roster(run: Run, staff: Staff): HTMLElement {
  const groups = run.world.groups.length > 1, grades = new Set(staff.roster.map((shift) => shift.grade)).size > 1;
  const rows = staff.roster.map((shift) => [`${clock_of(shift.from)}–${clock_of(shift.to)}`, ...(groups ? [shift.group] : []), ...(grades ? [(shift.grade && (named(`grade.${shift.grade}`) ?? shift.grade)) ?? say("none")] : []), String(shift.agents)]);
  return grid(say("plan.roster"), [say("plan.shift"), ...(groups ? [say("plan.group")] : []), ...(grades ? [say("plan.grade")] : []), say("plan.people")], rows, { narrow: true });
}

function curve(staff: Staff): HTMLElement {
  const now = staff.curve.filter((plan) => plan.plan === "now"), knee = staff.knee?.headcounts.map((one) => ({ ...one, plan: one.advised ? "answer" : "" }));
  const list = knee ? [...now, ...knee] : staff.curve;
  const rows = list.map((plan) => [named(`plan.${plan.plan}`) ?? say("plan.other", { n: plan.payroll }), `${plan.on_duty_at_once}/${plan.payroll}`,
    with_range(plan.abandonment.mean, plan.abandonment.ci95, "share"), with_range(plan["first_response_s.p90"].mean, plan["first_response_s.p90"].ci95, "seconds"),
    with_range(plan.reply_rate_3min.mean, plan.reply_rate_3min.ci95, "share"), with_range(plan.probability_met.mean, plan.probability_met.ci95, "share"), money(plan.cost_cny)]);
  const head = [say("plan.plan"), `${say("plan.peak")}/${say("plan.all")}`, say("fact.left"), say("fact.first"), say("fact.rate"), say("plan.days"), say("plan.cost")];
  return grid(say("plan.title"), head, rows, { chosen: list.findIndex((plan) => plan.plan === "answer") });
}

export function with_range(value: number | null, range: [number, number] | null | undefined, unit: Unit): HTMLElement {
  return h("span", {}, shown(value, unit), range ? h("span", { class: "quiet small", style: "display:block;white-space:nowrap" }, range_shown(range, unit)) : null);
}

function hiring(month: StaffMonth): (HTMLElement | null)[] {
  const plan = month.hiring;
  if (!plan) return [];
  const rows = plan.take_on.map((one) => [one.kind, String(one.people), date_of(one.by), percent(one.expected_to_stay, 0)]);
  const open = month.dates.filter((date) => date.open > 0).map((date) => say("date.open", { date: date_of(date.from), n: date.open }));
  const misses = month.dates.filter((date) => !date.holds).map((date) => date_of(date.from));
  return [
    misses.length ? h("p", {}, say("date.miss", { list: list_of(misses) })) : null, open.length ? h("p", {}, `${list_of(open)}${say("stop")}`) : null,
    rows.length ? grid(say("hire.title"), [say("hire.kind"), say("hire.people"), say("hire.by"), say("hire.stay")], rows) : null,
    ...plan.leavers.map((one) => h("p", {}, say("hire.leaver", { name: one.name, at: date_of(one.at), first: one.newcomers_at_first, later: one.newcomers_after_two_weeks }))),
    plan.expected_to_leave > 0 ? h("p", {}, say("hire.expected", { n: number(plan.expected_to_leave, 1) })) : null,
  ];
}

/* Too few days that pass, or too few days to tell. */
function unproven(run: Run, { probability_met: { mean, days, days_met } }: Staff): string {
  const values = { wanted: percent(run.world.day_probability, 0), got: percent(mean), days, met: days_met };
  return say((mean ?? 0) >= run.world.day_probability ? "head.staff.unproven.few" : "head.staff.unproven", values);
}

/* What staff answers: nobody's else. */
export function plan(run: Run): (HTMLElement | null)[] {
  const staff = staff_of(run), month = month_of(run);
  if (month) return [...hiring(month), ...roster_by_name(month.team)];
  if (!staff) return [];
  return [
    ...(staff.proven || staff.knee ? [] : [note(unproven(run, staff))]),
    roster(run, staff), ...roster_by_name(staff.team), h("h3", {}, say("plan.title")), curve(staff), believed(staff), ...levers(staff),
  ];
}
