// What the page reckons itself, without a browser: the desk that is counted from a log is the desk that the program measured; a shop's answers make a
// scenario that the program takes; sliders change what they say and nothing else; shares of days have the program's interval.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, fenliu, finish, need, source } from "./_page.mjs";

const esbuild = need("esbuild");
const folder = mkdtempSync(join(tmpdir(), "fenliu-page-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

/* A module of src/page as node can load it; the program's door, which needs a browser, is left out. */
async function load(name) {
  const made = join(folder, `${name}.mjs`);
  await esbuild.build({
    entryPoints: [join(source, `tools/page/src/page/${name}.ts`)], bundle: true, format: "esm", outfile: made, logLevel: "error",
    plugins: [{ name: "apart", setup(build) {
      build.onResolve({ filter: /common\/core$/ }, () => ({ path: "core", namespace: "none" }));
      build.onLoad({ filter: /.*/, namespace: "none" }, () => ({ contents: "export const run = undefined;" }));
      build.onResolve({ filter: /^scenarios\/.*\.json$/ }, (found) => ({ path: join(source, found.path), namespace: "texts" }));
      build.onLoad({ filter: /.*/, namespace: "texts" }, (found) => ({ contents: readFileSync(found.path, "utf8"), loader: "text" }));
    } }],
  });
  return import(made);
}

/* Exit code 1 is a missed objective: an answer. */
function program(args, input) {
  try {
    return execFileSync(fenliu, args, { input, maxBuffer: 1 << 28, stdio: ["pipe", "pipe", "pipe"] }).toString();
  } catch (error) {
    if (error.status !== 1) throw new Error(`fenliu ${args.join(" ")}: ${error.stderr}`);
    return error.stdout.toString();
  }
}

const { night_read, Moment } = await load("night");
const { counts_at, ordinary_day, set_to, setting_of, shared, stretched, people, text_of } = await load("scenario");
const { share_interval } = await load("study");
const { scenario_of, answers_first, next_opening } = await load("shop");
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

for (const name of ["green-kpi-lost-buyers", "618-opening", "ordinary-day", "bot-in-front", "suspend-overload", "late-login-flood"]) {
  const file = join(source, `scenarios/${name}.json`), scenario = JSON.parse(readFileSync(file, "utf8"));
  const { totals } = JSON.parse(program(["simulate", file, "-n", "1", "--json", "--quiet"]));
  const about = JSON.parse(program(["check", file, "--json"])).files[0].scenario;
  const desk = new Moment(night_read(program(["log", file, "--quiet"])), counts_at(scenario));
  /* There and back and there again: a desk that was wound back is the same desk. */
  desk.to(about.duration_s / 2);
  const half = { ...desk.figures() };
  desk.to(about.duration_s);
  desk.to(about.duration_s / 2);
  expect(same(half, desk.figures()), `${name}: wound back, the desk is another`);
  desk.to(about.duration_s);
  const counted = desk.figures();
  const pairs = { offered: "chats_offered", left: "chats_abandoned", left_silent: "chats_abandoned_silent", left_later: "chats_left_later", leave_messages: "leave_messages", replies: "replies" };
  for (const [ours, theirs] of Object.entries(pairs)) expect(counted[ours] === totals[theirs].mean, `${name}: ${theirs} is ${totals[theirs].mean}, counted ${counted[ours]}`);
  expect(counted.judged === totals.reply_rate_3min.n, `${name}: ${totals.reply_rate_3min.n} rounds judged, counted ${counted.judged}`);
  expect(Math.abs(desk.rate() - totals.reply_rate_3min.mean) < 1e-9, `${name}: 3-minute rate ${totals.reply_rate_3min.mean}, counted ${desk.rate()}`);
}

const first = answers_first(new Date(2026, 2, 1));
expect(first.opens_at === "2026-06-17T20:00", `in March the next opening is 618, not ${first.opens_at}`);
expect(next_opening(new Date(2026, 11, 31)) === "2027-06-17T20:00", "after Double 12 it is next year's 618");
for (const answers of [first, { ...first, chats: 90000, agents: 700, multiplier: 0.5, opens_at: "2028-02-29T00:00" }, { ...first, conversion: 0.3, order_value: 88.5, wage: 0 }]) {
  const scenario = scenario_of(answers, "店 \"引号\" <b>");
  const found = JSON.parse(program(["check", "-", "--json"], text_of(scenario))).files[0];
  expect(found.valid, `the program refuses a shop's scenario: ${JSON.stringify(found.faults)}`);
  expect(found.scenario?.agents === answers.agents, "as many people as were answered");
}

/* Believe first: the page replays the ordinary day that the program replays. */
const opening = JSON.parse(readFileSync(join(source, "scenarios/618-opening.json"), "utf8"));
const day = JSON.parse(program(["check", "-", "--json"], text_of(ordinary_day(opening, 1.25)))).files[0];
expect(day.valid && day.scenario.agents === 6 && Math.abs(day.scenario.chats_expected - 480) < 1, `the ordinary day: ${JSON.stringify(day)}`);
expect(ordinary_day(opening, 1.25).desk.agents[0].speed === 0.8, "reply times a quarter longer are a speed of four fifths");

expect(same(shared(10, [1, 1, 2]), [3, 2, 5]) && same(shared(3, [0, 0]), [3, 0]) && same(shared(7, [7]), [7]), `shared: ${shared(10, [1, 1, 2])}`);
expect(same(stretched({ mixture: [[0.5, { weibull: { scale: "188s", shape: 2 } }], [0.5, "1.5m"]] }, 2), { mixture: [[0.5, { weibull: { scale: "376s", shape: 2 } }], [0.5, "3m"]] }), "stretched");
expect(same(set_to(opening, setting_of(opening)), opening), "sliders that stand where they were change nothing");
const moved = set_to(opening, { ...setting_of(opening), people: 9, multiplier: 2, patience: 0.5, reply: 2, chats: 5, policy: "round_robin" });
expect(people(moved) === 9 && moved.traffic.promotions[0].multiplier === 2 && moved.buyers.patience.first.weibull.scale === "94s" && moved.desk.agents[0].speed === 0.5 &&
  moved.desk.agents[0].max_chats === 5 && moved.routing.policy === "round_robin", `moved: ${JSON.stringify(moved.desk)}`);

/* What the program prints for 69 and for 1 of 100 days. */
for (const [met, days, low, high] of [[69, 100, 0.5896854458, 0.7787112079], [1, 100, 0.000253146033, 0.05445938539], [0, 10, 0, 0.3084971078], [10, 10, 0.6915028922, 1]]) {
  const [a, b] = share_interval(met, days);
  expect(Math.abs(a - low) < 1e-8 && Math.abs(b - high) < 1e-8, `${met} of ${days}: ${a} to ${b}`);
}
finish();
