/* The report: what a run found, from the JSON that `fenliu report` put into the page. Sections in the order in which an owner asks. */
import "../common/theme.css";
import "./report.css";
import { h, replace } from "../common/dom";
import { language_switch } from "../common/switch";
import { language, on_language, say, set_language, type Word } from "../common/words";
import { agents } from "./agents";
import { answer, plan } from "./answer";
import { is_month, several_dates, type Report, type Run } from "./data";
import { day } from "./day";
import { doubts } from "./doubts";
import { money } from "./money";
import { each, mark } from "./parts";
import { compared, engine, office, repeat, settings } from "./rest";
import { service } from "./service";

type Parts = (HTMLElement | null)[];
interface Section { id: string; title: string; parts: HTMLElement[] }

function sections(report: Report): Section[] {
  const run = report.runs[0]!;
  const of = (id: string, title: string, draw: (run: Run, all: Run[]) => Parts): Section => ({ id, title, parts: each(report, draw) });
  const all = [
    ...(report.comparison ? [{ id: "compare", title: say("section.compare"), parts: compared(report, report.comparison) }] : []),
    of("plan", is_month(run.staff) ? say("hire.title") : say("plan.roster"), plan),
    of("day", several_dates(run) ? say("section.period") : say("section.day"), day), of("agents", say("section.agents"), agents), of("service", say("section.service"), service),
    of("engine", say("section.engine"), engine), of("money", say("section.money"), money), of("doubts", say("section.doubts"), doubts),
    of("settings", say("set.title", { office: office(run) }), settings), of("repeat", say("section.repeat"), repeat),
  ];
  all[all.length - 1]!.parts.push(h("p", {}, say("repeat.same")), h("p", {}, say("repeat.trust")));
  return all.filter((one) => one.parts.some((part) => part.textContent !== "" || part.tagName === "FIGURE"));
}

/* What was run: one line a run. */
function head(report: Report): HTMLElement {
  const kind = (run: Run): string => say(`report.kind.${run.summary.command}` as Word);
  const end = (run: Run): string => new Date(Date.parse(`${run.world.start.slice(0, 16)}:00Z`) + run.world.duration_s * 1000).toISOString().slice(0, 16);
  const line = (run: Run): string => [run.world.name, say("report.span", { from: run.world.start.replace("T", " ").slice(0, 16), to: end(run).replace("T", " ") }), kind(run),
    say(several_dates(run) ? "report.periods" : "report.days", { n: run.summary.replications }), ...(run.world.platform.name === "none" ? [] : [say("report.platform", { name: run.world.platform.name })])].filter(Boolean).join(" · ");
  return h("header", { class: "report-head" }, h("div", {}, report.runs.map((run, i) => h("p", { class: "quiet" }, report.runs.length > 1 ? mark(i) : null, line(run)))), language_switch());
}

function contents(list: Section[]): HTMLElement {
  return h("nav", { "aria-label": say("report.contents"), class: "no-print" }, h("ul", { class: "contents" }, list.map((one) => h("li", {}, h("a", { href: `#${one.id}` }, one.title)))));
}

function draw(report: Report | null): void {
  const root = document.getElementById("root")!;
  document.title = say("report.title", { name: report?.runs.map((run) => run.world.name).join(" / ") ?? "" }).replace(/^ · /, "");
  if (!report) {
    replace(root, h("main", {}, language_switch(), h("h1", {}, document.title), h("p", {}, say("report.empty"))));
    return;
  }
  const list = sections(report);
  replace(root, h("main", {}, head(report), answer(report), contents(list), list.map((one) => h("section", { id: one.id }, h("h2", {}, one.title), one.parts))));
}

/* Charts are drawn anew as wide as a page, so that their text stays as large, and their drawing fits whatever width the page then has. */
const PAPER = 680; /* px between the margins of A4, nearly */
const drawings = (): NodeListOf<SVGSVGElement> => document.querySelectorAll<SVGSVGElement>(".chart-canvas svg");

function on_paper(): void {
  for (const svg of drawings()) svg.setAttribute("viewBox", `0 0 ${PAPER} ${svg.getAttribute("height")}`);
  document.documentElement.style.setProperty("--chart-width", `${PAPER}px`);
}

function on_screen(): void {
  for (const svg of drawings()) svg.removeAttribute("viewBox");
  document.documentElement.style.removeProperty("--chart-width");
}

const slot = document.getElementById("run")?.textContent?.trim();
const report = slot ? (JSON.parse(slot) as Report) : null;
on_language(() => draw(report));
addEventListener("beforeprint", on_paper, { capture: true }); /* before the charts, which measure themselves then */
addEventListener("afterprint", on_screen, { capture: true });
set_language(report?.language ?? language());
