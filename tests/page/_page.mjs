// What the page's tests share: where the pages and the npm packages are, and a browser that opens them from a file without any network. What is
// missing to run them is said, and the test is passed over (exit 77).
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const source = process.env.FENLIU_SOURCE ?? join(dirname(fileURLToPath(import.meta.url)), "../..");
export const build = process.env.FENLIU_BUILD ?? join(source, "build");
export const fenliu = process.env.FENLIU ?? join(build, "fenliu");

export function skip(why) {
  console.log(`passed over: ${why}`);
  process.exit(77);
}

/* Of a build folder, or one above it, as a preset's is; else the checkout's own. */
function found(path) {
  for (const folder of [build, resolve(build, ".."), join(source, "build")]) if (existsSync(join(folder, path))) return join(folder, path);
  return null;
}

const modules = found("page/node_modules/playwright-core") ? dirname(found("page/node_modules/playwright-core")) : null;
export const need = (name) => (modules ? createRequire(join(modules, "x.js"))(name) : skip("the npm packages are not installed (tools/page/README.md)"));
const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find(existsSync);

export function page_file(name) {
  return (isAbsolute(name) && existsSync(name) ? name : found(name)) ?? skip(`${name} is not built (-DFENLIU_PAGE=ON)`);
}

export async function browser() {
  const { chromium } = need("playwright-core");
  if (!CHROMIUM) skip("chromium is not installed");
  return chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"] });
}

/* A page opened as by a double click; `before` runs in it first. Every request that is not the file itself is refused and noted, and so is every error in it. */
export async function open(browser, name, { locale = "zh-CN", width = 1280, height = 900, dark = false, still = false, before = undefined } = {}) {
  const context = await browser.newContext({ locale, viewport: { width, height }, colorScheme: dark ? "dark" : "light", reducedMotion: still ? "reduce" : "no-preference",
    offline: true, acceptDownloads: true });
  const address = pathToFileURL(page_file(name)).href;
  const faults = [];
  await context.route("**/*", (route) => {
    const url = route.request().url();
    if (url.split("#")[0] === address || url.startsWith("blob:") || url.startsWith("data:")) return route.continue();
    faults.push(`asked for ${url}`);
    return route.abort();
  });
  const page = await context.newPage();
  if (before) await page.addInitScript(before);
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  page.on("console", (message) => { if (message.type() === "error") faults.push(`console: ${message.text()}`); });
  await page.goto(address);
  return { page, context, faults };
}

let failed = 0;
export function expect(truth, sentence) {
  if (truth) return;
  failed++;
  console.error(`WRONG: ${sentence}`);
}

export function finish() {
  console.log(failed ? `${failed} wrong` : "ok");
  process.exit(failed ? 1 : 0);
}

/* axe-core's verdict on the page as it is; serious and critical ones are wrong. */
export async function axe(page, where) {
  /* Evaluated through the debugger: the page's own policy lets no foreign script in. */
  await page.evaluate(readFileSync(join(modules, "axe-core/axe.min.js"), "utf8"));
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  for (const { id, impact, nodes } of found.violations) {
    const first = nodes[0];
    const sentence = `${where}: axe ${impact} ${id}, ${nodes.length} times, first ${first.target.join(" ")}: ${first.failureSummary.split("\n").slice(1, 3).join(";")}`;
    if (impact === "serious" || impact === "critical") expect(false, sentence);
    else console.log(sentence);
  }
  return found.violations.length;
}
