// What the oracles share: NAME_instances draws and solves problems, HiGHS judges them one by one, and a tally is kept.
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

export const range = (n) => Array.from({ length: n }, (_, i) => i);
export const sum = (values) => values.reduce((all, value) => all + value, 0);

function options(name, usage) {
  const known = { count: { type: "string", default: "40" }, seed: { type: "string", default: "1" }, first: { type: "string", default: "0" } };
  try {
    const { values } = parseArgs({ options: { ...known, help: { type: "boolean", short: "h" } } });
    if (values.help) return console.log(usage), process.exit(0);
    for (const key of Object.keys(known)) if (!/^\d{1,9}$/.test(values[key])) throw new Error(`--${key} wants a whole number, got ${values[key]}`);
    return values;
  } catch (error) {
    console.error(`${name}_oracle.mjs: ${error.message}\n${usage}`);
    process.exit(2);
  }
}

async function solver(build) {
  let path;
  try {
    path = createRequire(join(build, "here.js")).resolve("highs");
  } catch {
    console.log(`the npm package highs is not installed in ${build} or above; tools/test does it where there are node and npm`);
    process.exit(77);
  }
  return createRequire(path)(path)();
}

/**
 * Judges the problems that the options ask for, and sets the exit code.
 *   name       "rota": rota_instances and rota_oracle.mjs       solved     the status of a problem that has a solution
 *   things     what a solution is called                        usage      of the script
 *   judge      (highs, problem): { faults, best, ours, open }   describe   (problem): what it has, in a few words
 *   isCheapest (ours, best): whether the difference is rounding
 */
export async function main({ name, solved, things, usage, judge, describe, isCheapest }) {
  const { count, seed, first } = options(name, usage);
  const build = process.env.FENLIU_BUILD ?? fileURLToPath(new URL("../../build/release", import.meta.url));
  const program = join(build, "tests", `${name}_instances`);
  if (!existsSync(program)) throw new Error(`${program} is not there: FENLIU_BUILD names the build`);
  const highs = await solver(build);
  const lines = execFileSync(program, [seed, first, count], { encoding: "utf8", maxBuffer: 2 ** 30 }).trim().split("\n");
  const tally = { [solved]: 0, infeasible: 0, wrong: 0, open: 0, exact: 0, worst: 0 };
  for (const problem of lines.map((line) => JSON.parse(line))) {
    const { faults, best, ours, open } = judge(highs, problem), { status } = problem.answer;
    const above = best > 0 ? Math.max(0, ours / best - 1) : 0;
    const both = best !== undefined && ours !== undefined;
    const figures = both ? `${ours.toFixed(2)} HiGHS ${best.toFixed(2)} +${(100 * above).toFixed(3)} % of ${100 * problem.gap} %` : "";
    const word = faults.length ? "FAIL" : open ? "open" : "ok  ";
    console.log(`${word} ${String(problem.index).padStart(3)} ${status.padEnd(10)} ${figures}  (${describe(problem)})`);
    faults.slice(0, 5).forEach((fault) => console.log(`       ${fault}`));
    tally[faults.length ? "wrong" : open ? "open" : status]++;
    if (word !== "ok  " || status !== solved) continue;
    tally.worst = Math.max(tally.worst, above);
    tally.exact += isCheapest(ours, best);
  }
  const short = lines.length !== Number(count);
  if (short) console.log(`${lines.length} problems came of ${count}`);
  const failed = tally.wrong > 0 || tally.open > count / 10 || short || (tally[solved] === 0 && count >= 10);
  if (failed) console.log(`again: FENLIU_BUILD=${build} node tests/staffing/${name}_oracle.mjs --seed ${seed} --first ${first} --count ${count}`);
  console.log(`seed ${seed}: ${tally[solved]} ${things} within the gap of the cheapest, ${tally.exact} of them the cheapest, at most ${(100 * tally.worst).toFixed(3)} % above; ` +
    `${tally.infeasible} infeasible for both; ${tally.open} not proven; ${tally.wrong} wrong`);
  process.exitCode = failed ? 1 : 0;
}
