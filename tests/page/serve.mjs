// The page as `fenliu serve` shows it: the answer comes from the installed program, shifts with progress and cancel, results kept, compared, opened.
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { browser, expect, fenliu, finish, page_file, skip, source } from "./_page.mjs";

page_file("fenliu.html");
const place = mkdtempSync(join(tmpdir(), "fenliu-serve-"));
const serve = spawn(fenliu, ["serve", "--port", "0", place], { stdio: ["ignore", "pipe", "pipe"] });
let said = "";
serve.stderr.on("data", (text) => { said += text; });
const address = await new Promise((resolve) => {
  serve.stdout.once("data", (text) => resolve(String(text).trim()));
  serve.once("exit", () => resolve(null));
});
const leave = () => { serve.kill("SIGKILL"); rmSync(place, { recursive: true, force: true }); };
if (address === null || said.includes("without the page")) {
  leave();
  skip(said.trim());
}

/* Runs that are under way or kept. */
const kept = () => readdirSync(join(place, "runs")).filter((name) => !name.startsWith("."));
/* A night whose shifts take minutes, to be stopped, and one whose take seconds. */
const large = join(source, "scenarios/618-opening.json"), small = join(place, "small.json");
writeFileSync(small, JSON.stringify({
  fenliu: 1, name: "small", start: "2026-06-17T18:00", duration: "4h", interval: "30m", seed: "7", traffic: { chats_per_day: 300 },
  buyers: { intents: [{ name: "size", rounds: { geometric: 3 }, reply: { total: { exponential: "20s" } } }], think_time: { exponential: "30s" },
    patience: { first: { exponential: "10m" } } },
  desk: { agents: [{ name: "mei", count: 3, max_chats: 5, wage_cny_per_hour: 25 }] }, objectives: { "first_response_s.p90": "<= 120" },
  staffing: { replications: 60 },
}));

const chromium = await browser();
const context = await chromium.newContext({ locale: "en-GB", acceptDownloads: true, viewport: { width: 1280, height: 900 } });
const page = await context.newPage();
const faults = [], asked = [];
page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
page.on("console", (message) => { if (message.type() === "error") faults.push(`console: ${message.text()}`); });
page.on("request", (request) => { if (request.method() === "POST") asked.push(JSON.parse(request.postData() ?? "{}").args?.[0]); });

try {
  await page.goto(address);
  const results = page.locator("#results");
  await results.getByText("None yet.").waitFor();
  expect(asked.includes("log") || asked.includes("simulate"), `the demonstration is simulated by serve: ${asked}`);

  await page.locator('input[type="file"]').setInputFiles(large);
  await page.getByRole("button", { name: "Work out the shifts" }).waitFor();
  expect(asked.includes("check"), "a scenario is checked by serve");

  await page.getByRole("button", { name: "Work out the shifts" }).click();
  await page.locator("[data-progress]").waitFor();
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await page.getByText("Stopped, without a result.").waitFor();

  await page.locator('input[type="file"]').setInputFiles(small);
  await page.getByRole("button", { name: "Work out the shifts" }).waitFor(); // another scenario: what was stopped is forgotten
  await results.getByRole("button", { name: "Run the desk above for 200 nights" }).click();
  await results.getByRole("link", { name: "Report" }).waitFor({ timeout: 30000 });
  expect(kept().length === 1, `what was stopped is not kept: ${kept()}`);

  await page.getByRole("button", { name: "Work out the shifts" }).click();
  await page.getByText("Report and plan are kept below").waitFor({ timeout: 120000 });
  await results.getByRole("link", { name: "Report" }).nth(1).waitFor();
  const staffed = kept().map((name) => join(place, "runs", name)).find((folder) => readdirSync(folder).includes("plan.json"));
  expect(JSON.parse(readFileSync(join(staffed, "run/staff.json"), "utf8")).headcount, "the answer is kept with the run of the plan");

  const boxes = results.getByRole("checkbox");
  await boxes.nth(0).check();
  await boxes.nth(1).check();
  await results.getByRole("button", { name: "Compare the two" }).click();
  await results.getByText("differ by more than chance").waitFor();
  const both = results.getByRole("link", { name: "Both reports side by side" });
  const [report] = await Promise.all([context.waitForEvent("page"), both.click()]);
  await report.waitForSelector("h1, h2");
  expect(await report.evaluate(() => globalThis.origin) === "null", "a report has no origin");
  expect(await report.evaluate((at) => fetch(at).then(() => "came", () => "refused"), `${address}runs`) === "refused", "a report cannot ask serve");
  await report.close();

  const [download] = await Promise.all([page.waitForEvent("download"), results.getByRole("link", { name: "days.csv" }).first().click()]);
  expect(readFileSync(await download.path(), "utf8").startsWith("replication,"), "a file comes along");
  await results.getByRole("button", { name: /^Remove / }).first().click();
  await boxes.nth(1).waitFor({ state: "detached" });
  expect(kept().length === 1, "removed from the folder");
  expect(faults.length === 0, faults.join("; "));
} catch (error) {
  expect(false, `${error.message}\nfaults: ${faults.join("; ")}\nasked: ${asked}`);
  await page.screenshot({ path: process.env.FENLIU_SCREENSHOT ?? join(place, "page.png"), fullPage: true });
} finally {
  await chromium.close();
  leave();
}
finish();
