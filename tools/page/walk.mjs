// Walks fenliu.html as an owner who has never seen it, counts steps and seconds from the double click to the number, and keeps a picture of each step:
// results/first-ten-minutes is made by it.
//
//   FENLIU_BUILD=BUILD node tools/page/walk.mjs FOLDER
//
// BUILD has fenliu.html (-DFENLIU_PAGE=ON). Pictures, and times.json, go to FOLDER.
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { browser, open, page_file } from "../../tests/page/_page.mjs";

const folder = resolve(process.argv[2] ?? ".");
mkdirSync(folder, { recursive: true });
const chromium = await browser();
const ways = [
  { name: "zh-desktop-light", locale: "zh-CN", width: 1280, height: 860 },
  { name: "en-desktop-dark", locale: "en-US", width: 1280, height: 860, dark: true },
  { name: "zh-phone-dark", locale: "zh-CN", width: 360, height: 760, dark: true },
  { name: "en-phone-light", locale: "en-US", width: 360, height: 760 },
];
const times = { page_bytes: statSync(page_file("fenliu.html")).size, ways: {} };

for (const way of ways) {
  const began = Date.now();
  const { page, faults } = await open(chromium, "fenliu.html", { ...way, still: true });
  const spent = () => (Date.now() - began) / 1000;
  const picture = async (step, target = page) => { await page.waitForTimeout(500); await target.screenshot({ path: join(folder, `${way.name}-${step}.jpg`), type: "jpeg", quality: 62 }); };
  const time = {};
  await page.waitForSelector('#demo[data-done="true"]');
  time.demonstration_s = spent();
  time.first_paint_s = (await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime)) / 1000;
  const looked = Date.now(); /* taking pictures is not the owner's time */
  await page.waitForSelector("#demo .demo-close + p");
  await picture("1-demonstration");
  await page.locator("#shop").scrollIntoViewIfNeeded();
  await picture("2-questions", page.locator("#shop"));
  const idle = (Date.now() - looked) / 1000;
  await page.click(".ask button.main");
  await page.waitForSelector("#answer[data-fewest]");
  time.number_s = spent() - idle;
  await page.waitForSelector('#answer[data-sure="true"]');
  time.proven_s = spent() - idle;
  await picture("3-answer", page.locator("#answer"));
  await page.$eval("#slider-multiplier", (input) => {
    input.closest("#answer").removeAttribute("data-slider-ms");
    input.value = "6";
    input.dispatchEvent(new Event("input", { bubbles: true }));
  });
  const moved = Date.now();
  await page.waitForSelector("#answer[data-slider-ms]");
  time.slider_s = (Date.now() - moved) / 1000;
  await page.click(".answer-tools button:nth-of-type(1)");
  await page.waitForSelector("#desk:is([data-night*=Opening], [data-night*=大促]) .mark[tabindex='0']");
  await picture("4-desk");
  await page.locator("#desk .chip").last().click();
  await picture("5-chat");
  if (faults.length) throw new Error(`${way.name}: ${faults.join("; ")}`);
  times.ways[way.name] = Object.fromEntries(Object.entries(time).map(([name, value]) => [name, Number(value.toFixed(2))]));
  await page.context().close();
}

/* The picture at the head of the README: the demonstration alone, at its end. */
const { page } = await open(chromium, "fenliu.html", { width: 1000, height: 800, still: true });
await page.waitForSelector("#demo .demo-close + p");
await page.waitForTimeout(500);
await page.screenshot({ path: join(folder, "demonstration.png"), clip: { x: 0, y: 60, width: 1000, height: 655 } });
await chromium.close();
writeFileSync(join(folder, "times.json"), `${JSON.stringify(times, null, 2)}\n`);
console.log(JSON.stringify(times, null, 2));
