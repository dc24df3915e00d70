// The page's program gives the installed one's bytes: for every shipped scenario what simulate prints and writes and its chat log, for every
// refused one its lines, in node, through the page's own door.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { door, native, source } from "./_core.mjs";

const { run } = await door();
const place = mkdtempSync(join(tmpdir(), "fenliu-core-"));
let compared = 0, faults = 0;

function listed(folder, end = "") {
  return readdirSync(join(source, folder)).filter((name) => name.endsWith(end)).sort().map((name) => `${folder}/${name}`);
}

function differ(what, theirs, ours) {
  compared++;
  if (Buffer.compare(Buffer.from(theirs), Buffer.from(ours)) === 0) return;
  faults++;
  const a = Buffer.from(theirs).toString(), b = Buffer.from(ours).toString();
  let at = 0;
  while (at < a.length && a[at] === b[at]) at++;
  console.error(`${what}: installed ${a.length} characters, page ${b.length}; from ${at} on\n  ${a.slice(at, at + 120)}\n  ${b.slice(at, at + 120)}`);
}

/* The same arguments to both; `out`: the folder of results that both write. */
async function compare(args, paths, { out, stderr = true } = {}) {
  const what = args.join(" ");
  const files = Object.fromEntries(paths.map((path) => [path, readFileSync(join(source, path))]));
  const place_of = (folder) => args.map((argument) => (argument === out ? join(folder, out) : argument));
  const one = spawnSync(native, place_of(place), { cwd: source, maxBuffer: 2 ** 30, env: {} });
  const two = await run(args, { files });
  differ(`${what}: exit code`, String(one.status), String(two.code));
  differ(`${what}: stdout`, one.stdout, two.stdout);
  if (stderr) differ(`${what}: stderr`, one.stderr, Buffer.from(two.stderr));
  if (out === undefined) return;
  const names = readdirSync(join(place, out)).sort();
  differ(`${what}: files`, names.join(" "), [...two.files.keys()].map((path) => path.slice(out.length + 1)).sort().join(" "));
  for (const name of names) // the manifest has compiler and seconds
    if (name !== "manifest.json") differ(`${what}: ${name}`, readFileSync(join(place, out, name)), two.files.get(`${out}/${name}`) ?? "");
}

/* Those whose day is long are cut, in chats, never left out. */
const cut = { "double11-million": ["--set", "traffic.chats_per_day=1000"], "promotion-month": ["--set", "traffic.chats_per_day=300"] };
const scenarios = listed("scenarios", ".json").filter((path) => !path.endsWith(".schema.json"));
for (const path of scenarios) {
  const name = path.slice("scenarios/".length, -".json".length), cuts = cut[name] ?? [];
  await compare(["simulate", path, "--json", "--quiet", "-n", "3", ...cuts, "--out", `${name}.run`], [path], { out: `${name}.run` });
  await compare(["log", path, "--quiet", "--replication", "1", ...cuts], [path]);
}
await compare(["simulate", "scenarios/promo-2500.json", "--quiet", "--lang", "zh", "-n", "2", "-s", "18446744073709551615"], ["scenarios/promo-2500.json"]);
await compare(["log", "scenarios/618-opening.json", "--quiet", "--format", "csv"], ["scenarios/618-opening.json"]);
await compare(["check", "--json", ...scenarios], scenarios);

const refused = listed("tests/refused", ".json"), strange = listed("tests/fuzz/scenario_corpus");
await compare(["check", ...refused, ...strange], [...refused, ...strange]);
await compare(["check", "--json", ...refused, ...strange], [...refused, ...strange]);
await compare(["check", "--set", "traffic.chats_per_day=1e3", "--set", 'name="\\u00e9\\ud83d\\ude00\\t"', "--json", scenarios[0]], [scenarios[0]]);
await compare(["check", "nowhere.json"], []);
await compare(["simulate", scenarios[0], "--out", "nowhere/run", "--quiet", "-n", "1"], [scenarios[0]], { stderr: false }); // it names the process
await compare(["erlang", "--chats-per-hour", "149", "--reply", "20s", "--rounds", "4", "--think", "40s", "--patience", "3m", "--lang", "zh"], []);
await compare(["init"], []);
await compare([], []);
await compare(["--version"], []);

rmSync(place, { recursive: true });
console.log(`${scenarios.length} scenarios, ${refused.length} refused: ${compared} comparisons, ${faults} differ`);
process.exit(faults ? 1 : 0);
