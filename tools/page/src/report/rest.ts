/* What to set in the back office, what an outside engine did, how to repeat the run, and how two runs differ. */
import { h } from "../common/dom";
import { number, seconds } from "../common/numbers";
import { metric_words, unit_of } from "../common/objectives";
import { named, say, type Word } from "../common/words";
import { figure, staff_of, type Comparison, type Difference, type Engine, type Kind, type Latency, type Report, type Run } from "./data";
import { clock_of, grid, light, list_of, moment_of, shown } from "./parts";

/* ---- Settings ------------------------------------------------------------------------------------- */

export function office(run: Run): string {
  return named(`set.office.${run.world.platform.name.split("-")[0]}`) ?? say("set.office.other");
}

/* Where grades have weights of their own those are what is set, for whoever is taken on as well. */
function weights(grades: { name: string; weight: number }[], kinds: Kind[]): string {
  if (grades.length) return list_of(grades.map((grade) => say("set.weight.grade", { grade: named(`grade.${grade.name}`) ?? grade.name, weight: grade.weight })));
  if (new Set(kinds.map((kind) => kind.weight)).size < 2) return say("set.weight.all");
  return list_of(kinds.map((kind) => say("set.weight.of", { grade: (kind.grade && (named(`grade.${kind.grade}`) ?? kind.grade)) ?? say("set.no_grade"), people: kind.people, weight: kind.weight })));
}

export function settings(run: Run): (HTMLElement | null)[] {
  const set = run.world.settings, staff = staff_of(run), policy = set.policy.split(" ")[0]!;
  const caps = [...new Set(set.kinds.map((kind) => kind.max_chats))];
  const rows = [
    [say("set.policy"), `${named(`policy.${policy}`) ?? set.policy}${named(`policy.${policy}`) ? ` (${set.policy})` : ""}`], [say("set.weight"), weights(set.grades, set.kinds)],
    [say("set.max_chats"), list_of(caps.map((cap) => (cap === null ? say("set.unlimited") : number(cap))))],
    [say("set.close"), set.close_silence_s === null ? say("set.close.never") : seconds(set.close_silence_s)], [say("set.recent"), say(set.recent_agent ? "set.yes" : "set.no")],
    [say("set.suspend"), set.auto_suspend_at === null ? say("set.suspend.not") : say("set.suspend.at", { n: set.auto_suspend_at })],
    ...(staff ? [[say("set.accounts"), number(staff.headcount.sub_accounts)]] : []),
  ];
  return [grid(say("set.title", { office: office(run) }), [say("set.item"), say("set.value")], rows, { words: true })];
}

/* ---- The engine ------------------------------------------------------------------------------------ */

const ms = (us: number): string => number(us / 1000, us < 10000 ? 2 : 0);

function latencies(engine: Engine): HTMLElement {
  const of = (name: string, latency: Latency) => [name, ...[latency.mean, latency.p50, latency.p90, latency.p99, latency.p999, latency.max].map(ms)];
  return grid(say("engine.latency"), [say("engine.figure"), say("engine.mean"), "p50", "p90", "p99", "p99.9", say("engine.max")],
    [of(say("engine.latency"), engine.decision_latency_us), ...(engine.own_lateness_us ? [of(say("engine.lateness"), engine.own_lateness_us)] : [])]);
}

function faults(run: Run, engine: Engine): HTMLElement[] {
  if (!engine.faults?.length) return [];
  const rows = engine.faults.map((one) => [named(`fault.${one.do}`) ?? one.do, clock_of(moment_of(run.world.start, one.at_ns / 1e9)), number(one.lost_in + one.lost_out), number(one.doubled),
    number(one.displaced), number(one.delayed), one.recovered_s === null ? say("engine.never") : ms(one.recovered_s * 1e6), number(one.lost_decisions), ...(one.shard === undefined ? [] : [number(one.shard)])]);
  const head: Word[] = ["engine.fault", "engine.at", "engine.lost", "engine.doubled", "engine.displaced", "engine.delayed", "engine.recovered", "engine.decisions_lost", ...(engine.shards ? ["engine.shard" as const] : [])];
  return [h("h3", {}, say("engine.faults")), grid(say("engine.faults"), head.map((word) => say(word)), rows)];
}

/* Of a day that several machines drove together: what each of them saw. */
function machines(engine: Engine): HTMLElement[] {
  if (!engine.shards) return [];
  const rows = engine.shards.map((one) => [number(one.shard), number(one.chats), number(one.decisions), number(one.violations), ms(one.decision_latency_us.p50), ms(one.decision_latency_us.p99),
    ms(one.own_lateness_us.p99), one.valid ? say("engine.punctual") : say("engine.late")]);
  const head: Word[] = ["engine.shard", "engine.chats", "engine.decisions", "engine.violation"];
  return [h("h3", {}, say("engine.machines", { within: number(engine.began_within_s ?? 0, 3) })), grid(say("engine.shard"),
    [...head.map((word) => say(word)), `${say("engine.latency")} p50`, "p99", `${say("engine.machine_late")} p99`, ""], rows)];
}

export function engine(run: Run): (HTMLElement | null)[] {
  const found = run.engine;
  if (!found) return [];
  const violations = Object.entries(found.violations).filter(([rule, times]) => rule !== "total" && times > 0);
  const mode = found.mode === "lockstep" ? say("engine.lockstep") : typeof found.speed === "number" ? say("engine.realtime", { speed: number(found.speed) }) : say("engine.fastest");
  return [
    h("p", {}, say("engine.sentence", { name: found.name, decisions: number(found.decisions), violations: number(found.violations["total"] ?? 0), never: number(found.never_assigned) }), " ", mode),
    found.unanswered ? h("p", {}, say("engine.unanswered", { n: number(found.unanswered) })) : null,
    latencies(found), ...machines(found), ...faults(run, found),
    violations.length ? grid(say("engine.violation"), [say("engine.violation"), say("engine.times")], violations.map(([rule, times]) => [rule, number(times)])) : null,
  ];
}

/* ---- Repeating it ----------------------------------------------------------------------------------- */

/* As it would be typed: a word with anything but plain characters stands in quotes. */
const typed = (words: string[]): string => words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(" ");

export function repeat(run: Run): (HTMLElement | null)[] {
  const made = run.manifest;
  return [
    h("pre", {}, h("code", {}, typed(made.command_line))),
    grid(say("section.repeat"), [say("repeat.item"), say("repeat.value")], [
      [say("repeat.files"), run.name], [say("repeat.seed"), made.seed], [say("repeat.days"), number(made.replications)], [say("repeat.hash"), made.scenario_hash],
      [say("repeat.version"), `fenliu ${made.version}`], [say("repeat.compiler"), made.compiler],
    ], { words: true }),
  ];
}

/* ---- Two runs ---------------------------------------------------------------------------------------- */

/* Shares differ by points. */
function difference(d: Difference, value: number | null): string {
  const unit = unit_of(d.figure);
  if (value === null) return say("none");
  const sign = value > 0 ? "+" : value < 0 ? "−" : "";
  return `${sign}${unit === "share" ? say("unit.points", { n: number(Math.abs(value) * 100, 1) }) : shown(Math.abs(value), unit)}`;
}

function verdict(d: Difference): string | HTMLElement {
  if (d.better) return light(d.better === "b", say(d.better === "b" ? "verdict.better" : "verdict.worse"));
  if (d.more_than_chance) return say("verdict.differs");
  if (d.ci95 === null) return say("verdict.unknown");
  return say(d.difference === 0 ? "verdict.same" : "verdict.chance");
}

/* What the roster costs hardly varies from day to day, so the program does not judge it; it is shown. */
function wages_row(report: Report): (string | HTMLElement)[][] {
  const [a, b] = report.runs.map((run) => figure(run.summary.totals, "wages_cny").value);
  if (a == null || b == null) return [];
  return [[metric_words("wages_cny"), shown(a, "money"), shown(b, "money"), `${b > a ? "+" : b < a ? "−" : ""}${shown(Math.abs(b - a), "money")}`, say("none"), say("none")]];
}

export function compared(report: Report, comparison: Comparison): HTMLElement[] {
  const head: Word[] = ["compare.figure", "compare.a", "compare.b", "compare.difference", "compare.interval", "compare.verdict"];
  const row = (d: Difference) => [d.group ? `${d.group}: ${metric_words(d.figure)}` : metric_words(d.figure), shown(d.a, unit_of(d.figure)), shown(d.b, unit_of(d.figure)), difference(d, d.difference),
    d.ci95 ? `${difference(d, d.ci95[0])} – ${difference(d, d.ci95[1])}` : say("none"), verdict(d)];
  return [
    h("p", {}, comparison.paired ? say("compare.sentence", { n: comparison.days }) : say("compare.unpaired")),
    grid(say("section.compare"), head.map((word) => say(word)), [...comparison.differences.map(row), ...wages_row(report)]),
    h("p", { class: "small quiet" }, report.runs.map((run, i) => `${say(i === 0 ? "report.run_a" : "report.run_b")}: ${run.name}`).join(" · ")),
  ];
}

