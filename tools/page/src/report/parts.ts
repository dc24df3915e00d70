/* What the sections are made of: figures with their doubt, tables, notes, and two runs beside each other. */
import { h, table } from "../common/dom";
import { money, number, percent, seconds } from "../common/numbers";
import type { Unit } from "../common/objectives";
import { language, say, type Word } from "../common/words";
import type { Maybe, Range, Report, Run } from "./data";

export function shown(value: Maybe | undefined, unit: Unit): string {
  if (value === null || value === undefined) return say("none");
  if (unit === "share") return percent(value, 1);
  if (unit === "seconds") return seconds(value);
  if (unit === "money") return money(value);
  if (unit === "number") return number(value, 2);
  return number(value, Math.abs(value) < 10 && !Number.isInteger(value) ? 1 : 0);
}

/* "2.4% – 3.5%"; nothing where there is no interval. */
export function range_shown(range: Range | undefined, unit: Unit): string {
  return range ? `${shown(range[0], unit)} – ${shown(range[1], unit)}` : "";
}

/* Whole buyers of a hundred, with a decimal where they are few. */
export function of_100(share: Maybe): string {
  if (share === null) return say("none");
  return number(share * 100, share < 0.1 ? 1 : 0);
}

export function doubt(range: Range | undefined, unit: Unit): HTMLElement {
  if (!range) return h("span", { class: "small" }, say("range.none"));
  const [low, high] = [shown(range[0], unit), shown(range[1], unit)];
  return h("span", { class: "small" }, low === high ? say("range.tight") : say("range", { low, high }));
}

export interface Fact { label: string; value: Maybe; unit: Unit; range: Range; text?: string }

export function facts(list: Fact[]): HTMLElement {
  return h("dl", { class: "facts" }, list.map((fact) => h("div", {}, h("dt", {}, fact.label),
    h("dd", {}, h("span", { class: "figure" }, fact.text ?? shown(fact.value, fact.unit))), h("dd", {}, doubt(fact.range, fact.unit)))));
}

/* `commands` in a note stand as they are typed. */
export const note = (text: string): HTMLElement => h("p", { class: "note" }, text.split("`").map((part, i) => (i % 2 ? h("code", {}, part) : part)));
export const light = (good: boolean | null, text: string): HTMLElement => h("span", { class: `light ${good === null ? "unsure" : good ? "good" : "bad"}` }, text);

/* A table that scrolls by itself where it is wider than the page; cells may be elements. */
export function grid(caption: string, head: string[], rows: (string | HTMLElement)[][], more: { words?: boolean; narrow?: boolean; chosen?: number } = {}): HTMLElement {
  const made = table(caption, head, rows.map((row) => row.map((cell) => (typeof cell === "string" ? cell : ""))));
  made.className = [more.words && "words", more.narrow && "narrow"].filter(Boolean).join(" ");
  rows.forEach((row, r) => {
    const line = made.tBodies[0]!.rows[r]!;
    if (r === more.chosen) line.className = "chosen";
    row.forEach((cell, c) => { if (typeof cell !== "string") line.cells[c]!.append(cell); });
  });
  return h("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": caption }, made);
}

const is_note = (part: HTMLElement): boolean => part.className === "note";

/* The same of each run; of two side by side, each under its letter, and a note that both have once for both. A picture is told of all, so that
 * both have one scale. */
export function each(report: Report, draw: (run: Run, all: Run[]) => (HTMLElement | null)[]): HTMLElement[] {
  const drawn = report.runs.map((run) => draw(run, report.runs).filter((part): part is HTMLElement => part !== null));
  if (drawn.length === 1) return drawn[0]!;
  const of_all = drawn[0]!.filter((part) => is_note(part) && drawn.every((parts) => parts.some((other) => is_note(other) && other.textContent === part.textContent)));
  const own = drawn.map((parts) => parts.filter((part) => !is_note(part) || of_all.every((other) => other.textContent !== part.textContent)));
  if (own.every((parts) => parts.length === 0)) return of_all;
  return [...of_all, h("div", { class: "pair" }, own.map((parts, i) => h("div", {}, h("h3", {}, mark(i), report.runs[i]!.name), parts)))];
}

export const mark = (i: number): HTMLElement => h("span", { class: "mark" }, say(i === 0 ? "report.run_a" : "report.run_b"));

/* "20:15" of "2026-06-17T20:15"; the date; both. */
export const clock_of = (instant: string): string => instant.slice(11, 16);
export function date_of(instant: string): string {
  return `${instant.slice(5, 7)}-${instant.slice(8, 10)}`;
}
export function weekday_of(date: string, weekday: number): string {
  return `${date_of(date)} ${say(`weekday.${weekday}` as Word)}`;
}
export function moment_of(start: string, at_s: number): string {
  return new Date(Date.parse(`${start.slice(0, 16)}:00Z`) + at_s * 1000).toISOString().slice(0, 16);
}

/* Sentences one after another: only some languages part them by a blank. */
export const joined = (sentences: string[]): string => sentences.join(language() === "zh" ? "" : " ");

/* Names in a sentence, by the language's own comma. */
export const list_of = (names: string[]): string => names.join(language() === "zh" ? "、" : ", ");
