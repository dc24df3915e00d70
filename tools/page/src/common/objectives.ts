/* Objectives and the metrics they are about, in words: "first_response_s.p90" "<= 60". */
import { number, percent, seconds } from "./numbers";
import { named, say, type Word } from "./words";

export type Unit = "share" | "seconds" | "money" | "count" | "number" | "people";

/* In what a metric is measured. */
export function unit_of(name: string): Unit {
  if (/_cny$/.test(name)) return "money";
  if (/_s\./.test(name)) return "seconds";
  if (/^(abandonment|waited|no_service_rate|reply_rate_3min|platform_reply_rate_3min|first_reply_rate_30s|days_met|occupancy|conversion|satisfaction)$/.test(name)) return "share";
  return /^(answer_ratio|concurrency|queue_depth|open_chats)/.test(name) ? "number" : "count";
}

/* Words of its own, or those of the metric and of the statistic. */
export function metric_words(name: string): string {
  const [metric, statistic] = name.split("."), what = named(`metric.${metric}`);
  return named(`metric.${name}`) ?? (what && statistic && named(`statistic.${statistic}`) ? say(`statistic.${statistic}` as Word, { what }) : name);
}

/* The figure of a condition, which may be written as a share in per cent or as a duration: "0.80", "80%", "60s", "1m30s". */
function wanted_figure(text: string): number {
  if (text.endsWith("%")) return Number(text.slice(0, -1)) / 100;
  if (!/[a-z]/.test(text)) return Number(text);
  const seconds_of: Record<string, number> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86400 };
  return [...text.matchAll(/([\d.]+)([a-z]+)/g)].reduce((sum, [, value, unit]) => sum + Number(value) * (seconds_of[unit!] ?? NaN), 0);
}

const parted = (want: string): [string, string] => {
  const [, sign, text] = /^([<>]=?) *(.*)$/.exec(want) ?? [want, "", want];
  return [sign!, text!];
};

/* What is asked for stands as exactly as it was asked: 200 s, not 3.3 min. */
function exactly(value: number, unit: Unit): string {
  if (unit === "share") return percent(value, 1).replace(/\.0(?=%)/, "");
  if (unit === "seconds") return value >= 120 && value % 60 === 0 ? seconds(value) : say("unit.seconds", { n: number(value, Number.isInteger(value) ? 0 : 1) });
  return number(value, Number.isInteger(value) ? 0 : 2);
}

/* ">= 0.80" of a share as "≥ 80%". A figure that is not understood stands as it was written. */
export function wanted(want: string, name: string): string {
  const sign_words: Record<string, string> = { ">=": "≥", "<=": "≤" }, [sign, text] = parted(want), value = wanted_figure(text);
  return `${sign_words[sign] ?? sign} ${Number.isFinite(value) ? exactly(value, unit_of(name)) : text}`;
}

/* Whether a day of so many buyers may miss the objective for less than two of them, so that one or two decide it whoever is there; as the
 * program has it (tools/fenliu/staff_screen.c, "too_small_to_judge"). */
export function decided_by_few(name: string, want: string, chats: number): boolean {
  const [sign, text] = parted(want), bound = wanted_figure(text), percentile = /\.p(\d+)$/.exec(name);
  const missed = percentile ? 1 - Number(`0.${percentile[1]}`) : unit_of(name) !== "share" ? 1 : sign.startsWith("<") ? bound : 1 - bound;
  return chats * missed < 2 - 1e-9;
}
