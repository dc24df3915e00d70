/* fenliu.html: the demonstration, five questions, the answer with its sliders, the live desk. This file puts them together and carries a scenario
 * from one to the next; each does its own part. */
import "../common/theme.css";
import "./page.css";
import { h, replace } from "../common/dom";
import { language_switch } from "../common/switch";
import { served } from "../common/served";
import { language, on_language, say, set_language } from "../common/words";
import { Answer } from "./answer";
import { Demo } from "./demo";
import { Desk } from "./desk";
import { download, on_drop } from "./files";
import { check, log, Refused, type Fault } from "./program";
import { Questions } from "./questions";
import { Results } from "./results";
import { Roster } from "./roster";
import { text_of } from "./scenario";
import { scenario_of, type Answers } from "./shop";

/* The largest file that is read as a scenario: the shipped ones have some 10 kB. */
const FILE_MOST = 4 << 20;

const header = h("header", { class: "top no-print" });
const shop = h("section", { id: "shop", "aria-labelledby": "shop-title" });
const footer = h("footer", { class: "small quiet" });
const roster_place = h("div", {}), tools = h("div", { class: "answer-tools" });
const faults = h("div", { role: "alert" });

const demo = new Demo();
const desk = new Desk();
const questions = new Questions((answers) => void ask(answers));
const roster = new Roster(() => text_of(answer.current(false)), () => answer.name, () => answer.several_days, () => void results.refresh());
const results = new Results(() => (answer.known ? { text: text_of(answer.current(false)), name: answer.name } : null));
const answer: Answer = new Answer(() => roster.forget(), [tools, roster_place]);
const file = h("input", { type: "file", accept: ".json,application/json", class: "unseen", tabindex: -1, "aria-hidden": "true", onchange: () => {
  if (file.files?.[0]) void open_file(file.files[0]);
  file.value = "";
} });

async function ask(answers: Answers): Promise<void> {
  const [date, time] = answers.opens_at.split("T");
  await take(text_of(scenario_of(answers, say("shop.name", { date, time }))), null);
}

async function open_file(chosen: File): Promise<void> {
  if (chosen.size > FILE_MOST) show_faults(chosen.name, [], say("file.large"));
  else await take(await chosen.text(), chosen.name);
}

/* A scenario, from the questions or from a file: the program checks it, says what is wrong with it, or goes on. */
async function take(text: string, file_name: string | null): Promise<void> {
  replace(faults);
  try {
    const checked = await check(text);
    if (checked.about === null) {
      show_faults(file_name ?? "", checked.faults, "");
      return;
    }
    const done = answer.take(JSON.parse(text), checked.about);
    roster.forget();
    answer.root.scrollIntoView({ block: "start" });
    answer.root.querySelector<HTMLElement>("h2")?.setAttribute("tabindex", "-1");
    answer.root.querySelector<HTMLElement>("h2")?.focus({ preventScroll: true });
    await done;
  } catch (error) {
    show_faults(file_name ?? "", [], error instanceof Refused ? error.message : String(error));
  }
}

function show_faults(name: string, found: Fault[], why: string): void {
  replace(faults, h("div", { class: "faults" },
    h("p", { class: "fault" }, found.length ? say("file.faults", { name, n: found.length }) : say("file.unreadable", { name, why })),
    found.length > 0 && h("ul", { class: "small" }, found.map((fault) =>
      h("li", {}, h("strong", {}, say("file.place", { line: fault.line, column: fault.column })), " ", h("code", {}, fault.path), " ", h("span", { lang: "en" }, fault.text))))));
  faults.scrollIntoView({ block: "center" });
}

async function show_night(): Promise<void> {
  const scenario = answer.current(true), title = answer.name;
  replace(faults);
  try {
    const checked = await check(text_of(scenario));
    if (checked.about === null) {
      show_faults(title, checked.faults, "");
      return;
    }
    desk.show(await log(text_of(scenario)), scenario, checked.about.duration_s, title);
    desk.root.scrollIntoView({ block: "start" });
  } catch (error) {
    show_faults(title, [], error instanceof Refused ? error.message : String(error));
  }
}

function draw(): void {
  document.title = say("page.title");
  replace(header,
    h("span", { class: "brand" }, say("page.brand")),
    h("nav", { "aria-label": say("page.nav") }, h("a", { href: "#demo" }, say("nav.demo")), h("a", { href: "#shop" }, say("nav.shop")), h("a", { href: "#desk" }, say("nav.desk")),
      served && h("a", { href: "#results" }, say("nav.results"))),
    language_switch());
  replace(shop,
    h("h2", { id: "shop-title" }, say("shop.title")),
    h("p", {}, say("shop.what")),
    questions.root,
    h("p", { class: "small quiet" }, say("file.have"), " ", h("button", { type: "button", class: "plain", onclick: () => file.click() }, say("file.open"))),
    file, faults);
  replace(tools,
    h("button", { type: "button", onclick: () => void show_night() }, say("answer.watch")),
    h("button", { type: "button", onclick: () => download(`${answer.name}.json`, text_of(answer.current(false))) }, say("answer.download")),
    h("p", { class: "small quiet" }, say("answer.download.what")));
  replace(roster_place, h("h3", {}, say("roster.title")), roster.root);
  replace(footer, h("p", {}, say("page.foot")));
  demo.draw();
  questions.draw();
  answer.draw();
  roster.draw();
  desk.draw();
  results.draw();
}

on_language(draw);
set_language(language());
document.getElementById("root")!.append(header, h("main", {}, demo.root, shop, answer.root, desk.root, results.root), footer);
on_drop((dropped) => void open_file(dropped));
demo.ready.then(({ scenario, night }) => { if (!answer.known) desk.show(night, scenario, 4 * 3600, say("demo.people", { n: scenario.desk.agents[0].count })); }, () => {});
results.refresh().catch(() => {}); // serve has ended: the page says so when it is asked for something
