// How fast the page's program is beside the installed one: the same simulations by turns, one thread each, in wall time of both, as neither has
// anything to wait for. Both have to give the same answer.
//
// usage: node page_speed.mjs RUNS SCENARIO REPLICATIONS [OPTION OF simulate]...
// FENLIU_BUILD names a build with -DFENLIU_PAGE=ON. Prints one JSON object: chats a second of each run, and the milliseconds of the first one,
// unpacking and compiling the program included.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { door, native } from "../../tests/page/_core.mjs";

const [runs, scenario, replications, ...options] = process.argv.slice(2);
const args = ["simulate", scenario, "--json", "--quiet", "--jobs", "1", "-n", replications, ...options];
const files = { [scenario]: readFileSync(scenario) };
const first = performance.now();
const { run } = await door();

let chats = 0, answer;
async function page() {
  const from = performance.now(), { stdout, stderr, code } = await run(args, { files });
  const seconds = (performance.now() - from) / 1000;
  if (code > 1) throw new Error(stderr);
  answer = Buffer.from(stdout);
  const { totals } = JSON.parse(new TextDecoder().decode(stdout));
  chats = totals.chats_offered.mean * Number(replications);
  return chats / seconds;
}

function installed() {
  // A process that does nothing shows what starting one takes.
  const spent = (command) => {
    const from = performance.now();
    const { status, error, stdout } = spawnSync(native, command, { maxBuffer: 2 ** 30 });
    const seconds = (performance.now() - from) / 1000;
    if (error || status === null || status > 1) throw error ?? new Error(`${native} ${command.join(" ")}: exit ${status}`);
    if (command === args && !answer.equals(stdout)) throw new Error("the page's program and the installed one say different things");
    return seconds;
  };
  return chats / (spent(args) - spent(["--version"]));
}

await page();
const first_ms = performance.now() - first;
const pages = [], installeds = [];
for (let i = 0; i < Number(runs); i++) {
  pages.push(await page());
  installeds.push(installed());
}
console.log(JSON.stringify({ first_ms, page: pages, installed: installeds }));
process.exit(0);
