/* The language people read, and how its sentences are filled in. The browser's own language comes first; a switch changes it, and is
 * remembered where the browser lets a file remember. Whoever shows words redraws when told by on_language. */
import { en } from "./en";
import { zh, type Word, type Words } from "./zh";

export type Language = "zh" | "en";
export type { Word };

const all: Record<Language, Words> = { zh, en };
const remembered_as = "fenliu.language";
const listeners: (() => void)[] = [];
let current: Language = first_language();

/* A page opened from a file may be denied storage: then the switch lasts as long as the page. */
function first_language(): Language {
  try {
    const kept = localStorage.getItem(remembered_as);
    if (kept === "zh" || kept === "en") return kept;
  } catch { /* no storage here */ }
  const known = navigator.languages.find((tag) => /^(zh|en)\b/i.test(tag)) ?? "en";
  return known.toLowerCase().startsWith("zh") ? "zh" : "en";
}

export function language(): Language {
  return current;
}

/* Somebody has chosen it: it is remembered. */
export function choose_language(to: Language): void {
  try {
    localStorage.setItem(remembered_as, to);
  } catch { /* no storage here */ }
  set_language(to);
}

export function set_language(to: Language): void {
  current = to;
  document.documentElement.lang = to === "zh" ? "zh-CN" : "en";
  for (const listener of listeners) listener();
}

/* Words for what only the data names, a policy, a rule, a metric: `rule.${name}`. Undefined: nobody has written any. */
export function named(key: string): string | undefined {
  return Object.hasOwn(zh, key) ? say(key as Word) : undefined;
}

export function on_language(listener: () => void): void {
  listeners.push(listener);
}

/* The sentence of a key with its values: {name} is the value, {name|one|many} the value and its noun. A value that is missing is our
 * own fault and shows as its name. */
export function say(word: Word, values: Record<string, string | number> = {}): string {
  return all[current][word].replace(/\{(\w+)(?:\|([^|{}]*)\|([^|{}]*))?\}/g, (_, name: string, one?: string, many?: string) => {
    const value = values[name] ?? name;
    if (one === undefined) return String(value);
    return `${value} ${String(value) === "1" ? one : many}`;
  });
}
