// An owner's way, from a double click to an answer: in Chinese on a desktop, in English on a phone, without any network; sliders, a roster that is stopped,
// the night watched and a chat read by keyboard; files with faults. The answer is held to the installed program's for the scenario that the page hands out.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { axe, browser, expect, fenliu, finish, open, source } from "./_page.mjs";

const chromium = await browser();

function simulate(scenario, days) {
  const args = ["simulate", "-n", String(days), "--json", "--quiet", scenario];
  try {
    return JSON.parse(execFileSync(fenliu, args, { maxBuffer: 1 << 26 }));
  } catch (error) {
    if (error.status !== 1) throw error;
    return JSON.parse(error.stdout);
  }
}

/* Moves a slider and waits for its figures; returns the milliseconds that took. */
async function slide(page, key, value) {
  const began = Date.now();
  await page.$eval(`#slider-${key}`, (input, to) => {
    document.querySelector("#answer").removeAttribute("data-slider-ms");
    input.value = to;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  }, String(value));
  await page.waitForSelector("#answer[data-slider-ms]", { timeout: 30000 });
  return Date.now() - began;
}

async function fits(page, where) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(over <= 0, `${where}: ${over} pixels wider than the window`);
}

for (const { name, options, sentence } of [
  { name: "zh desktop", options: { locale: "zh-CN" }, sentence: /^要 \d+ 个人|现在的 \d+ 个人正好|\d+ 个人就够/ },
  { name: "en phone dark", options: { locale: "en-US", width: 360, height: 760, dark: true }, sentence: /^The \d+ you have are just enough|^\d+ people( are enough)?: / }]) {
  const began = Date.now();
  const { page, faults } = await open(chromium, "fenliu.html", { ...options, still: true });
  await page.click(".ask button.main");
  await page.waitForSelector("#answer[data-fewest]", { timeout: 30000 });
  const answered = Date.now() - began;
  const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime);
  const [fewest, answer] = await page.evaluate(() => [document.querySelector("#answer").dataset.fewest, document.querySelector("[data-answer]").textContent]);
  expect(sentence.test(answer) && answer.match(/\d+/)?.[0] === fewest, `${name}: ${fewest} people, ${answer}`);
  const desktop = name.startsWith("zh");
  if (desktop) await page.waitForSelector('#answer[data-sure="true"]', { timeout: 60000 });
  console.log(`${name}: first paint ${Math.round(paint)} ms, answer ${answered} ms after the double click${desktop ? `, proven after ${Date.now() - began} ms` : ""}`);
  expect(paint < 5000 && answered < 20000, `${name}: slow`);
  await fits(page, name);
  if (desktop) await axe(page, name);

  /* The same scenario natively: the same nights pass. */
  const shown = /(\d+)\D+(\d+)/.exec(await page.textContent('[data-figure="days"] strong')).slice(1).map(Number);
  const [handed] = await Promise.all([page.waitForEvent("download"), page.click(".answer-tools button:nth-of-type(2)")]);
  const file = await handed.path();
  const native = simulate(file, shown[1]);
  expect(native.days_met === shown[0], `${name}: the page says ${shown.join(" of ")}, the program ${native.days_met}`);

  const slow = await slide(page, "multiplier", 5);
  const fast = await slide(page, "people", 9);
  console.log(`${name}: sliders answered after ${slow} and ${fast} ms`);
  expect(slow < 5000 && fast < 5000, `${name}: sliders are slow`);
  expect((await page.getAttribute(".figures", "data-people")) === "9", `${name}: the figures are of nine people`);

  if (desktop) {
    await page.click(".roster button");
    await page.waitForSelector("[data-progress]");
    await page.waitForFunction(() => /第/.test(document.querySelector("[data-progress]")?.textContent ?? ""), null, { timeout: 60000 });
    await page.click(".roster button");
    expect((await page.textContent(".roster")).includes("停下了"), `stopped: ${await page.textContent(".roster")}`);
  }

  await page.click(".answer-tools button:nth-of-type(1)");
  await page.waitForSelector("#desk:is([data-night*=Opening], [data-night*=大促]) .mark[tabindex='0']", { timeout: 30000 });
  await page.focus("#desk .mark[tabindex='0']");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  expect((await page.locator(".reader .messages li.buyer").count()) > 0, `${name}: a chat can be read`);
  await axe(page, `${name}, the desk and a chat`);
  await page.keyboard.press("Enter"); /* the focus is on its close button */
  expect(await page.locator(".reader").isHidden(), `${name}: and closed again`);
  const before = await page.textContent(".desk-time");
  await page.selectOption("#desk-speed", "600");
  await page.click("#desk .desk-controls button");
  /* Once a second, as she wants little motion. */
  await page.waitForFunction((then) => document.querySelector(".desk-time").textContent !== then, before, { timeout: 10000 });
  await fits(page, `${name}, the desk`);

  /* The other language, with everything where it was. */
  await page.click(".top button");
  expect((await page.getAttribute("html", "lang")) === (desktop ? "en" : "zh-CN"), `${name}: the switch`);
  expect((await page.getAttribute(".figures", "data-people")) === "9", `${name}: the answer stays`);
  const left_over = await page.evaluate(() => document.querySelector("main").innerText.replace(/客服#?\d*|大促开场[^\n.]*/g, "").match(/[㐀-鿿]+/g));
  if (desktop) expect(!left_over, `${name}: not in English: ${left_over}`);
  expect(faults.length === 0, `${name}: ${faults.join("; ")}`);
  await page.context().close();
}

/* Files: what is wrong with one is said with line and column, and nothing of it is used. */
const { page, faults } = await open(chromium, "fenliu.html");
await page.setInputFiles("input[type=file]", join(source, "tests/refused/many_faults_at_once.json"));
await page.waitForSelector(".faults li", { timeout: 30000 });
const said = await page.textContent(".faults");
const expected = readFileSync(join(source, "tests/refused/many_faults_at_once.expected"), "utf8").trim().split("\n");
expect((await page.locator(".faults li").count()) === expected.length, `${expected.length} faults: ${said}`);
expect(said.includes("第 2 行第 54 列") && said.includes("did you mean"), `with their places: ${said}`);
expect(await page.locator("#answer").isHidden(), "nothing is answered");
await axe(page, "faults");
await page.setInputFiles("input[type=file]", { name: "picture.json", mimeType: "application/json", buffer: Buffer.from([0xff, 0xd8, 0, 1]) });
await page.waitForFunction(() => document.querySelector(".faults")?.textContent.includes("picture.json"), null, { timeout: 30000 });
/* Answers that cannot be are said at their place. */
await page.fill("#ask-chats", "0");
await page.click(".ask button.main");
expect((await page.textContent("#ask-chats-fault")).includes("1"), "no chats at all");
expect((await page.evaluate(() => document.activeElement.id)) === "ask-chats", "and there the cursor goes");
await page.fill("#ask-chats", "480");
/* A date in the page's language, whatever the browser's; and none that does not exist. */
await page.selectOption("#ask-opens_at-month", "01");
await page.selectOption("#ask-opens_at-day", "31");
await page.selectOption("#ask-opens_at-month", "02");
expect(/^2[89]日$/.test(await page.locator("#ask-opens_at-day option:checked").innerText()), await page.locator("#ask-opens_at-day option:checked").innerText());
await page.selectOption("#ask-opens_at-month", "12");
await page.selectOption("#ask-opens_at-day", "11");
/* A slider that moves while the ordinary day is being replayed waits for it: nothing is answered without it. */
await page.click(".ask button.main");
await page.waitForSelector("#slider-people");
await page.$eval("#slider-people", (input) => {
  input.value = "7";
  input.dispatchEvent(new Event("input", { bubbles: true }));
});
await page.waitForSelector("#answer[data-fewest]", { timeout: 60000 });
expect((await page.textContent(".believed")).includes("480"), `a slider moved early: ${await page.textContent(".believed")}`);
expect((await page.getAttribute(".figures", "data-people")) === "7", "the figures are of seven people");
await page.$eval("#answer", (answer) => answer.removeAttribute("data-fewest"));
/* A good one then is used: a day of 2 500 chats, which a slider answers for, and which runs at 600 times its speed. */
await page.setInputFiles("input[type=file]", join(source, "scenarios/promo-2500.json"));
await page.waitForSelector("#answer[data-fewest]", { timeout: 60000 });
expect((await page.locator(".faults li").count()) === 0, "the faults are gone");
const patience = await slide(page, "patience", 0.8);
await slide(page, "people", 60);
console.log(`2 500 chats: a slider answered after ${patience} ms`);
expect(patience < 5000, "2 500 chats: sliders are slow");
await page.click(".answer-tools button:nth-of-type(1)");
await page.waitForSelector("#desk[data-night*='2500'] .mark", { timeout: 30000 });
expect((await page.locator("#desk .agent").count()) > 50, "sixty people at the desk");
await page.selectOption("#desk-speed", "600");
await page.click("#desk .desk-controls button");
const frames = await page.evaluate(() => new Promise((done) => {
  const times = [];
  let last = performance.now();
  const look = (now) => {
    times.push(now - last);
    last = now;
    if (times.length < 90) requestAnimationFrame(look);
    else done(times.sort((a, b) => a - b));
  };
  requestAnimationFrame(look);
}));
console.log(`2 500 chats, 60 people, 600 times the speed: a frame takes ${frames[45].toFixed(0)} ms, nine of ten at most ${frames[81].toFixed(0)} ms`);
expect(frames[45] < 200, "the desk stutters");
/* What takes long says how far it is, and ends when it is told to. */
await page.$eval("#answer", (answer) => answer.removeAttribute("data-fewest"));
await page.setInputFiles("input[type=file]", join(source, "scenarios/double11-million.json"));
await page.getByRole("heading", { name: JSON.parse(readFileSync(join(source, "scenarios/double11-million.json"), "utf8")).name }).waitFor();
await page.waitForSelector("#answer [data-progress]", { timeout: 60000 });
expect(/已用 \d+(\.\d)? 秒，模拟了 \d+ 种人数/.test(await page.textContent("#answer [data-progress]")), await page.textContent("#answer [data-progress]"));
await page.getByRole("button", { name: "停下" }).click();
expect((await page.textContent("[data-answer]")).startsWith("停下了") && await page.locator("#answer [data-progress]").isHidden(), await page.textContent("[data-answer]"));
expect(faults.length === 0, faults.join("; "));
await chromium.close();
finish();
