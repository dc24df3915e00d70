// Every language has the same words, none empty, with the same values in it; every word is used, and every word used is there.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const source = process.env.FENLIU_SOURCE ?? join(dirname(fileURLToPath(import.meta.url)), "../..");
const folder = join(source, "tools/page/src");
let wrong = 0;
const fault = (text) => { console.error(text); wrong++; };

const words = (language) => {
  const found = new Map();
  for (const line of readFileSync(join(folder, `common/${language}.ts`), "utf8").split("\n")) {
    const entry = /^\s*("(?:[^"\\]|\\.)*"):\s*("(?:[^"\\]|\\.)*"),\s*$/.exec(line);
    if (entry) {
      const key = JSON.parse(entry[1]);
      if (found.has(key)) fault(`${language}.ts: ${key} is there twice`);
      found.set(key, JSON.parse(entry[2]));
    } else if (/^\s*"/.test(line)) fault(`${language}.ts: not one word a line: ${line.trim()}`);
  }
  return found;
};
const values = (text) => [...new Set([...text.matchAll(/\{(\w+)/g)].map((found) => found[1]))].sort().join(" ");

const zh = words("zh"), en = words("en");
if (zh.size < 5) fault("zh.ts: hardly any words were found");
for (const [key, text] of zh) {
  if (!en.has(key)) fault(`en.ts: ${key} is missing`);
  else if (values(text) !== values(en.get(key))) fault(`${key}: the languages have different values: "${values(text)}", "${values(en.get(key))}"`);
  if (!text.trim() || !en.get(key)?.trim()) fault(`${key}: empty`);
  if (/[㐀-鿿]/.test(en.get(key) ?? "") && key !== "language.other") fault(`en.ts: ${key} has Chinese in it`);
}
for (const key of en.keys()) if (!zh.has(key)) fault(`zh.ts: ${key} is missing`);

// A word is used by its whole key in quotes, or by `prefix.${...}` in a template, which uses every key of that prefix.
const sources = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(".ts") && !/common\/(zh|en)\.ts$/.test(name))
  .map((name) => readFileSync(join(folder, name), "utf8")).join("\n");
const prefixes = [...sources.matchAll(/`([a-z_.]+\.)\$\{/g)].map((found) => found[1]);
for (const key of zh.keys())
  if (!sources.includes(`"${key}"`) && !prefixes.some((prefix) => key.startsWith(prefix))) fault(`zh.ts, en.ts: nothing uses ${key}`);
for (const [, key] of sources.matchAll(/\bsay\("([^"]+)"/g)) if (!zh.has(key)) fault(`say("${key}"): no such word`);

console.log(`${zh.size} words in two languages, ${wrong} faults`);
process.exit(wrong ? 1 : 0);
