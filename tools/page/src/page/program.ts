/* What the page asks of the program, as calls with types. Every answer is the program's own JSON; what it refuses is said in its own words,
 * with line and column. */
import { run } from "../common/core";
import { served } from "../common/served";
import { night_read, type Night } from "./night";

export interface Figure { mean: number | null; ci95: [number, number] | null; n: number; p50?: number; p90?: number; p99?: number; p90_ci95?: [number, number] | null }
export type Totals = Record<string, Figure>;
export interface Objective { name: string; want: string; got: number | null; met: boolean | null; days_met: number | null }
export interface Summary { scenario: string; seed: number; replications: number; policy: string; days_met: number; totals: Totals; objectives: Objective[] }
export interface Fault { line: number; column: number; path: string; text: string }
export interface About {
  name: string; start: string; end: string; duration_s: number; chats_expected: number; peak_chats_per_hour: number; peak_at: string; agents: number; notes: string[];
}
export type Checked = { about: About; faults: [] } | { about: null; faults: Fault[] };

/* The program did not do it, and says why. */
export class Refused extends Error {}

const FILE = "scenario.json";
const read = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

async function ask(args: string[], scenario: string, signal?: AbortSignal, onStderr?: (text: string) => void, keep?: string) {
  const outcome = await run([...args, FILE], { files: { [FILE]: scenario }, signal, onStderr, keep });
  /* 1 is "an objective is missed": an answer like any other. */
  if (outcome.code !== 0 && outcome.code !== 1) throw new Refused(outcome.stderr.trim() || `exit ${outcome.code}`);
  return outcome;
}

export async function check(scenario: string): Promise<Checked> {
  const outcome = await run(["check", "--json", FILE], { files: { [FILE]: scenario } });
  const file = JSON.parse(read(outcome.stdout)).files[0];
  return file.valid ? { about: file.scenario, faults: [] } : { about: null, faults: file.faults };
}

export async function simulate(scenario: string, days: number, signal?: AbortSignal): Promise<Summary> {
  const outcome = await ask(["simulate", "--json", "--no-agents", "--quiet", "--jobs", "1", "-n", String(days)], scenario, signal);
  return JSON.parse(read(outcome.stdout));
}

/* The first of the days that simulate counts, message by message. */
export async function log(scenario: string, signal?: AbortSignal): Promise<Night> {
  const outcome = await ask(["log", "--quiet"], scenario, signal);
  return night_read(read(outcome.stdout));
}

export interface Staffed { answer: any; plan: Uint8Array | null; proven: boolean }

/* The whole recommendation; minutes. `on_progress` gets the program's own progress lines. Where
 * serve shows the page it is kept there, under the name. */
export async function staff(scenario: string, name: string, signal: AbortSignal, on_progress: (line: string) => void): Promise<Staffed> {
  const kept = served ? ["--out", "run", "--report"] : [];
  const outcome = await ask(["staff", "--json", "--plan", "plan.json", ...kept], scenario, signal, (text) => {
    const lines = text.split(/[\r\n]+/).map((line) => line.trim()).filter(Boolean);
    if (lines.length) on_progress(lines[lines.length - 1]);
  }, name);
  return { answer: JSON.parse(read(outcome.stdout)), plan: outcome.files.get("plan.json") ?? null, proven: outcome.code === 0 };
}
