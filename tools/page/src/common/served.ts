/* The other way to the program: where `fenliu serve` shows this page, a call is a run of the installed program there, with its speed, its solver and
 * all cores. The addresses are those of tools/fenliu/serve/README.md. */
import type { Options } from "./core";
import type { Outcome } from "./wasi";

/* Whether serve shows this page: it says so in the page. */
export const served = typeof document !== "undefined" && document.querySelector('meta[name="fenliu-serve"]') !== null;

export interface Run {
  id: string; state: "waiting" | "running" | "done" | "failed" | "cancelled" | "out of time"; title: string; args: string[];
  code: number; kept: boolean; seconds: number; files: { name: string; bytes: number }[]; problem: string; stderr: string;
}

const AT_ONCE = 4; // calls under way: serve runs two and lets eight wait, and another tab may ask as well
const PAUSE_MS = 300; // before asking again, where it was too busy

async function ask(method: string, path: string, body?: string, signal?: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = { "X-Fenliu": "1" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const response = await fetch(path, { method, headers, body, signal });
  if (response.ok || response.status === 429) return response;
  throw new Error(((await response.json().catch(() => null)) as { error?: string } | null)?.error ?? `${response.status}`);
}

const read_json = async (path: string) => (await ask("GET", path)).json();

export const runs = async (): Promise<Run[]> => (await read_json("/runs")).runs;
export const compare = (a: string, b: string): Promise<any> => read_json(`/compare?a=${a}&b=${b}`);
export const remove = (id: string): Promise<unknown> => ask("DELETE", `/runs/${id}`);
export const file_address = (id: string, name: string): string => `/runs/${id}/files/${name.split("/").map(encodeURIComponent).join("/")}`;

/* The stream of a run until its end: what it says on the way, and what it has come to. */
async function follow(id: string, { onStderr, signal }: Options): Promise<Run> {
  const reader = (await ask("GET", `/runs/${id}/events`, undefined, signal)).body!.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ""; ;) {
    const { done, value } = await reader.read();
    if (done) throw new Error("fenliu serve has ended");
    const events = (text + value).split("\n\n");
    text = events.pop()!;
    for (const event of events) {
      const [, kind, data] = /^event: (\w+)\ndata: (.*)$/.exec(event)!;
      if (kind === "end") return JSON.parse(data);
      onStderr?.(JSON.parse(data));
    }
  }
}

async function begin(body: string, signal?: AbortSignal): Promise<Run> {
  for (;;) {
    const response = await ask("POST", "/runs", body, signal);
    if (response.status !== 429) return response.json();
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    signal?.throwIfAborted();
  }
}

/* One run from its beginning to its end; ended on the way when the signal says so. */
export async function run_to_end(args: string[], options: Options = {}): Promise<Run> {
  const texts = Object.entries(options.files ?? {}).map(([name, content]) => [name, typeof content === "string" ? content : new TextDecoder().decode(content)]);
  const body = JSON.stringify({ args, files: Object.fromEntries(texts), keep: options.keep !== undefined, title: (options.keep ?? "").slice(0, 60) });
  const { id } = await begin(body, options.signal);
  try {
    return await follow(id, options);
  } catch (error) {
    void remove(id).catch(() => {});
    throw options.signal?.aborted ? options.signal.reason : error;
  }
}

const bytes_of = async (id: string, name: string): Promise<Uint8Array> => new Uint8Array(await (await ask("GET", file_address(id, name))).arrayBuffer());

async function call(args: string[], options: Options): Promise<Outcome> {
  const run = await run_to_end(args, options);
  if (run.code < 0 || run.state === "out of time") throw new Error(run.problem || run.state);
  const given = new Set([...Object.keys(options.files ?? {}), "stdout", "about.json"]);
  const written = run.files.filter(({ name }) => !given.has(name) && !name.includes("/")); // a run directory stays there, to be looked at
  const files = await Promise.all(written.map(async ({ name }): Promise<[string, Uint8Array]> => [name, await bytes_of(run.id, name)]));
  const outcome = { code: run.code, stdout: await bytes_of(run.id, "stdout"), stderr: run.stderr, files: new Map(files) };
  if (!run.kept) void remove(run.id).catch(() => {});
  return outcome;
}

let under_way = 0;
const waiting: (() => void)[] = [];

export async function run_served(args: string[], options: Options): Promise<Outcome> {
  if (under_way >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  else under_way++;
  try {
    options.signal?.throwIfAborted();
    return await call(args, options);
  } finally {
    const next = waiting.shift(); // which takes this one's place
    if (next) next();
    else under_way--;
  }
}
