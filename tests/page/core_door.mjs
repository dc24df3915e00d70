// The door to the program keeps its promises: several calls at once, progress as it comes, an abort that ends a call and not the others, files in
// and out, a roster by the page's own solver.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { door, native, source } from "./_core.mjs";

const { run } = await door();
const scenario = "scenarios/618-opening.json";
const files = { [scenario]: readFileSync(join(source, scenario)) };
const text = (bytes) => new TextDecoder().decode(bytes);

// A long search does not hold up the slider beside it; it says how far it is; its abort rejects it alone.
{
  const abort = new AbortController();
  const said = [];
  let ended = false;
  const long = run(["staff", scenario, "--json", "--lang", "en"], { files, signal: abort.signal, onStderr: (piece) => said.push(piece) });
  long.catch(() => {}).finally(() => (ended = true));
  const few = await Promise.all([1, 2, 3].map((seed) => run(["simulate", scenario, "--json", "-q", "-n", "1", "-s", String(seed)], { files })));
  assert.deepEqual(few.map(({ stdout }) => JSON.parse(text(stdout)).seed), [1, 2, 3]);
  assert.equal(ended, false);
  while (said.length === 0 && !ended) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.match(said.join(""), /\d/);
  abort.abort(new Error("enough"));
  await assert.rejects(long, /enough/);
  assert.equal((await run(["--version"])).code, 0);
}

// One that is aborted before its turn, or before it is asked for, never runs.
{
  const abort = new AbortController();
  const many = Array.from({ length: 9 }, () => run(["--version"], { signal: abort.signal }));
  abort.abort();
  const outcomes = await Promise.allSettled(many);
  assert.ok(outcomes.every(({ status }) => status === "rejected"));
  await assert.rejects(run(["--version"], { signal: abort.signal }));
  assert.match(text((await run(["--version"])).stdout), /^fenliu \d/);
}

// The caller's bytes stay the caller's; what comes back is what was written, and a file can be read from standard input.
{
  const before = Uint8Array.from(files[scenario]);
  const { code, files: written } = await run(["log", "./a/../scenarios/618-opening.json", "-q", "-o", "log.csv"], { files });
  assert.equal(code, 0);
  assert.deepEqual([...written.keys()], ["log.csv"]);
  assert.match(text(written.get("log.csv")), /^t,at_s,/);
  assert.deepEqual(Uint8Array.from(files[scenario]), before);
  const piped = await run(["check", "-", "-q"], { files: { "-": text(before) } });
  assert.equal(piped.code, 0, piped.stderr);
  const again = await run(["simulate", scenario, "-q", "-n", "1", "-o", "r"], { files: { ...files, "r/manifest.json": "{}", "r/old": "1" } });
  assert.ok(again.code <= 1, again.stderr);
  assert.ok(again.files.has("r/summary.json") && !again.files.has("r/old"));
}

// The programmes of a roster are solved by another solver than CBC. Where several rosters cost the same the two may choose differently; shifts
// that do not overlap leave one, and then the answer has the same bytes.
{
  const evening = {
    fenliu: 1, name: "evening", start: "2026-06-17T18:00", duration: "4h", interval: "30m", seed: "7",
    traffic: { rate: { points: [["+0h", 60], ["+2h", 120], ["+4h", 40]] } },
    buyers: { intents: [{ name: "size", rounds: { geometric: 3 }, reply: { total: { exponential: "20s" } } }],
              think_time: { exponential: "30s" }, patience: { first: { exponential: "10m" } } },
    desk: { agents: [{ name: "mei", count: 3, max_chats: 5, wage_cny_per_hour: 25 }] },
    objectives: { "first_response_s.p90": "<= 52" },
    staffing: { replications: 20, max_agents: 12, shifts: [{ name: "early", from: "+0h", to: "+2h" }, { name: "late", from: "+2h", to: "+4h" }] },
  };
  const args = ["staff", "-", "--json", "--lang", "en", "--plan", "-", "-q"], input = JSON.stringify(evening);
  const one = spawnSync(native, args, { input, encoding: "utf8", env: {} });
  const two = await run(args, { files: { "-": input } });
  assert.equal(text(two.stdout), one.stdout);
  assert.equal(two.stderr, one.stderr);
  assert.equal(two.code, one.status);
  assert.equal(JSON.parse(one.stdout).roster.length, 2);
}

// Several dates with people by name: programmes that take a solver which does not go round in circles.
{
  const three = {
    fenliu: 1, name: "three", start: "2026-06-17T00:00", duration: "72h", interval: "1h", seed: "7", traffic: { rate: { points: [["+0h", 10], ["+72h", 10]] } },
    buyers: { intents: [{ name: "size", rounds: { geometric: 3 }, reply: { total: { exponential: "20s" } } }],
              think_time: { exponential: "30s" }, patience: { first: { exponential: "10m" } } },
    desk: { open: ["18:00", "22:00"], agents: [{ name: "mei", count: 3, max_chats: 5, wage_cny_per_hour: 25 }] },
    objectives: { "first_response_s.p90": "<= 120" },
    staffing: { replications: 20, max_agents: 6, labour: { days_week: 5 }, shifts: [{ name: "early", from: "18:00", to: "20:00" }, { name: "late", from: "20:00", to: "22:00" }] },
  };
  const args = ["staff", "-", "--json", "--plan", "-", "-q"], input = JSON.stringify(three);
  const ours = JSON.parse(text((await run(args, { files: { "-": input } })).stdout)), theirs = JSON.parse(spawnSync(native, args, { input, encoding: "utf8", env: {} }).stdout);
  assert.equal(theirs.team.filled, true);
  assert.deepEqual([ours.dates_held, ours.wages_cny, ours.team.payroll, ours.team.filled], [theirs.dates_held, theirs.wages_cny, theirs.team.payroll, true]);
}

// What needs sockets or processes is refused by name.
{
  const { code, stderr } = await run(["drive", scenario], { files });
  assert.equal(code, 2);
  assert.match(stderr, /in a browser/);
}
console.log("the door keeps its promises");
process.exit(0);
