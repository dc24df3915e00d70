/* Figures as people read them, in the language of the moment. null is "no samples" in the program's results and shows as a dash. */
import { language, say } from "./words";

type Maybe = number | null | undefined;

export const locale = (): string => (language() === "zh" ? "zh-CN" : "en-GB");
const absent = (value: Maybe): value is null | undefined => value === null || value === undefined || !Number.isFinite(value);

/* One for each language and number of decimals: to make one takes as long as to format a hundred figures, and tables have thousands. */
const formats = new Map<string, Intl.NumberFormat>();

function format_of(digits: number): Intl.NumberFormat {
  const key = `${locale()} ${digits}`, known = formats.get(key);
  if (known) return known;
  const made = new Intl.NumberFormat(locale(), { minimumFractionDigits: digits, maximumFractionDigits: digits });
  formats.set(key, made);
  return made;
}

export function number(value: Maybe, digits = 0): string {
  return absent(value) ? say("none") : format_of(digits).format(value);
}

/* A share in [0, 1]. */
export function percent(value: Maybe, digits = 1): string {
  return absent(value) ? say("none") : `${number(value * 100, digits)}%`;
}

export function money(value: Maybe): string {
  return absent(value) ? say("none") : `${value < 0 ? "−" : ""}¥${number(Math.abs(value))}`;
}

/* Seconds, with a decimal where they are few; from two minutes on, minutes, from two hours on, hours. */
export function seconds(value: Maybe): string {
  if (absent(value)) return say("none");
  if (value >= 7200) return say("unit.hours", { n: number(value / 3600, 1) });
  return value >= 120 ? say("unit.minutes", { n: number(value / 60, value % 60 === 0 ? 0 : 1) }) : say("unit.seconds", { n: number(value, value < 10 ? 1 : 0) });
}

/* The time of day of an instant `at_s` after `start`, the scenario's own local time ("2026-06-17T18:00"), whatever the reader's zone. */
export function clock(start: string, at_s: number, with_seconds = false): string {
  const at = new Date(Date.parse(`${start.slice(0, 16)}:00Z`) + at_s * 1000);
  return at.toISOString().slice(11, with_seconds ? 19 : 16);
}
