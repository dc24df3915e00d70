// The demonstration's counters are the installed program's figures, both lights stay green all night, and who wants no motion sees its end at once.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { axe, browser, expect, fenliu, finish, open, source } from "./_page.mjs";

function simulate(people) {
  const args = ["simulate", join(source, "scenarios/green-kpi-lost-buyers.json"), "--set", "traffic.chats_per_day=1250", "--set", `desk.agents[客服].count=${people}`, "-n", "1", "--json", "--quiet"];
  try {
    return JSON.parse(execFileSync(fenliu, args, { maxBuffer: 1 << 26 })).totals;
  } catch (error) {
    if (error.status !== 1) throw error; /* 1: an objective is missed, as it should be */
    return JSON.parse(error.stdout).totals;
  }
}

const chromium = await browser();
const still = await open(chromium, "fenliu.html", { still: true });
await still.page.waitForSelector('#demo[data-done="true"] .demo-close', { timeout: 30000 });
for (const people of [4, 8]) {
  const totals = simulate(people), side = still.page.locator(`.demo-side[data-people="${people}"]`);
  const left = Number(await side.locator(".demo-left").textContent()), rate = Number(await side.getAttribute("data-rate"));
  expect(left === totals.chats_abandoned.mean, `with ${people} people ${totals.chats_abandoned.mean} left; the page shows ${left}`);
  expect(Math.abs(rate - totals.reply_rate_3min.mean) < 1e-9, `with ${people} people the rate is ${totals.reply_rate_3min.mean}; the page shows ${rate}`);
  const text = await side.textContent();
  expect(text.includes(`${totals.chats_abandoned_silent.mean} 位一句话没说`), `silent ones apart: ${text}`);
  expect((await side.locator(".light.green").count()) === 1, `with ${people} people the light is green at the end`);
}
expect((await still.page.textContent("h1")).includes("买家已经走了"), "the sentence");
await axe(still.page, "demonstration");
expect(still.faults.length === 0, still.faults.join("; "));

/* Played: the light is looked at in every frame. */
const played = await open(chromium, "fenliu.html", { locale: "en-US" });
await played.page.waitForSelector(".demo-side", { timeout: 30000 });
const seen = await played.page.evaluate(() => new Promise((done) => {
  const seen = { red: 0, frames: 0, left: [] }, began = performance.now();
  const look = () => {
    seen.frames++;
    seen.red += document.querySelectorAll("#demo .light.red").length;
    seen.left.push(Number(document.querySelector(".demo-left").textContent));
    if (performance.now() - began < 1500) requestAnimationFrame(look);
    else done(seen);
  };
  look();
}));
expect(seen.red === 0, `a light was red in ${seen.red} frames`);
expect(seen.left.at(-1) > 0 && seen.left.every((left, i) => i === 0 || left >= seen.left[i - 1]), `the counter climbs: ${seen.left.at(-1)} after 1.5 s`);
await played.page.click(".demo-controls button");
const paused = await played.page.textContent("[data-counter=time]");
await played.page.waitForTimeout(200);
expect(paused === (await played.page.textContent("[data-counter=time]")), "paused, the clock stands still");
expect((await played.page.textContent("h1")) === "Your KPI is green; the buyers have gone.", "in English");
expect(played.faults.length === 0, played.faults.join("; "));
await chromium.close();
finish();
