/* Service: how fast, for whom, and what the platform makes of it. */
import { h } from "../common/dom";
import { number, percent, seconds } from "../common/numbers";
import { metric_words, unit_of, wanted } from "../common/objectives";
import { named, say, type Word } from "../common/words";
import { with_range } from "./answer";
import { figure, several_dates, type Named, type Run } from "./data";
import { grid, joined, light, note, range_shown, shown } from "./parts";

const ROWS: [string, Word][] = [
  ["first_response_s.mean", "service.first.mean"], ["first_response_s.p50", "service.first.p50"], ["first_response_s.p90", "service.first.p90"],
  ["first_response_s.p95", "service.first.p95"], ["first_response_s.p99", "service.first.p99"], ["response_s.mean", "service.response.mean"],
  ["response_s.p90", "service.response.p90"], ["response_s.p99", "service.response.p99"], ["reply_rate_3min", "service.rate"], ["platform_reply_rate_3min", "service.platform"],
  ["first_reply_rate_30s", "service.first30"], ["abandonment", "service.left"], ["no_service_rate", "service.no_service"], ["waited", "service.waited"],
  ["wait_for_agent_s.mean", "service.wait"], ["transfers", "service.transfers"], ["answer_ratio", "service.ratio"],
];
const QUIET_AT_0 = new Set(["transfers", "waited", "wait_for_agent_s.mean"]); /* nothing to say of what never happens here */

function figures(run: Run): HTMLElement {
  const rows = ROWS.filter(([name]) => {
    const { value } = figure(run.summary.totals, name);
    return value !== null && !(QUIET_AT_0.has(name) && value === 0);
  }).map(([name, word]) => {
    const { value, range } = figure(run.summary.totals, name);
    return [say(word), shown(value, unit_of(name)), range_shown(range, unit_of(name)) || say("none")];
  });
  return grid(say("service.title"), [say("service.figure"), say("service.value"), say("service.interval")], rows);
}

function objectives(run: Run): (HTMLElement | null)[] {
  const list = run.summary.objectives;
  if (!list.length) return [];
  const rows = list.map((one) => [`${metric_words(one.name)}${one.where ? ` (${one.where.replace("T", " ")})` : ""}`, wanted(one.want, one.name), with_range(one.got, one.ci95, unit_of(one.name)),
    one.days_met === null ? say("none") : `${one.days_met}/${run.summary.replications}`,
    one.met === null ? say("service.not_judged") : light(one.met, say(one.met ? "service.met" : "service.not_met"))]);
  return [h("h3", {}, say("service.objectives")),
    grid(say("service.objectives"), [say("service.objective"), say("service.want"), say("service.got"), say("service.held"), say("compare.verdict")], rows)];
}

/* ---- The platform's own figure --------------------------------------------------------------------- */

/* What the other days of its window would have to reach, were every day as large as this one. */
function others(rate: number, least: number, days: number): number {
  return (days * least - rate) / (days - 1);
}

function hours(from_s: number, to_s: number): string {
  const clock = (s: number) => `${String(Math.floor(s / 3600)).padStart(2, "0")}:${String(Math.floor(s / 60) % 60).padStart(2, "0")}`;
  return `${clock(from_s)}–${clock(to_s)}`;
}

function platform(run: Run): HTMLElement[] {
  const { name, days, rounds_min, reply_rate_min: least, reply_within_s, from_s, to_s } = run.world.platform, found = run.summary.totals["platform_reply_rate_3min"];
  if (name === "none") return [note(say("missing.platform"))];
  if (!found || found.mean === null) return [];
  const rounds = (found.n ?? 0) / run.summary.replications, rate = found.mean;
  if (least === null) return [h("p", {}, say("platform.no_least", { name, rate: percent(rate) }))];
  const values = { name, days, window: hours(from_s, to_s), least: percent(least, 0), within: seconds(reply_within_s), rate: percent(rate), rounds: number(rounds) };
  const good = rate >= least, rest = others(rate, least, days), gone = figure(run.summary.totals, "chats_abandoned").value ?? 0;
  if (several_dates(run)) return [h("p", {}, light(good, say("platform.line", { rate: percent(rate), least: percent(least, 0) }))), h("p", {}, say("platform.period", values))];
  const sentences = [
    say(good ? "platform.helps" : "platform.hurts", values),
    ...(rest > 0 && rest < 1 ? [say(good ? "platform.spare" : "platform.others", { n: days - 1, rate: percent(rest) })] : []),
    ...(rounds * days < rounds_min ? [say("platform.few", { n: rounds_min })] : []),
    ...(good && gone >= 0.5 ? [say("platform.gone", { n: number(gone) })] : []),
  ];
  return [h("p", {}, light(good, say("platform.line", { rate: percent(rate), least: percent(least, 0) }))), h("p", {}, joined(sentences))];
}

/* ---- For whom --------------------------------------------------------------------------------------- */

function by(title: Word, head: Word, list: Named[]): HTMLElement[] {
  if (list.length < 2) return [];
  const names = ["chats_offered", "first_response_s.mean", "first_response_s.p90", "response_s.mean", "reply_rate_3min", "abandonment"];
  const heads: Word[] = ["service.chats", "agent.first", "date.first", "agent.response", "date.rate", "date.left"];
  const rows = list.filter((one) => (figure(one.totals, "chats_offered").value ?? 0) > 0)
    .map((one) => [named(`intent.${one.name}`) ?? one.name, ...names.map((name) => {
      const { value, range } = figure(one.totals, name);
      return with_range(value, range, unit_of(name));
    })]);
  return [h("h3", {}, say(title)), grid(say(title), [say(head), ...heads.map((word) => say(word))], rows)];
}

export function service(run: Run): (HTMLElement | null)[] {
  return [...platform(run), figures(run), ...objectives(run), ...by("service.groups", "service.group", run.summary.groups), ...by("service.intents", "service.intent", run.summary.intents)];
}
