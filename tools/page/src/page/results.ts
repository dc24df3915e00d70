/* Results that `fenliu serve` keeps in its folder: reports to open, files to take, two to compare. Only where serve shows the page. */
import { h, replace } from "../common/dom";
import { locale, seconds } from "../common/numbers";
import { compare, file_address, remove, run_to_end, runs, served, type Run } from "../common/served";
import { say } from "../common/words";

/* What people take along, of all that a run directory has. */
const WORTH = /^(run\/(days|intervals|agents)\.csv|[^/]+\.json)$/;

/* 20260617-180000-1 is a time in UTC. */
function began(id: string): string {
  const [, y, mo, d, h_, mi, s] = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)-/.exec(id)!.map(Number);
  return new Date(Date.UTC(y, mo - 1, d, h_, mi, s)).toLocaleString(locale());
}

export class Results {
  readonly root = h("section", { id: "results", "aria-labelledby": "results-title", hidden: !served });
  private list: Run[] = [];
  private chosen: string[] = [];
  private readonly said = h("div", { role: "status" });
  private readonly keep_button = h("button", { type: "button", onclick: () => void this.attempt(() => this.keep()) });

  /* `current`: the scenario on the page, to be kept as it is; null while there is none. */
  constructor(private readonly current: () => { text: string; name: string } | null) {}

  async refresh(): Promise<void> {
    if (!served) return;
    this.list = (await runs()).filter((run) => run.kept);
    this.chosen = this.chosen.filter((id) => this.list.some((run) => run.id === id));
    this.draw();
  }

  draw(): void {
    if (!served) return;
    this.keep_button.textContent = say("results.keep");
    replace(this.root,
      h("h2", { id: "results-title" }, say("results.title")),
      h("p", {}, say("results.what")),
      h("p", { class: "answer-tools" }, this.keep_button,
        h("button", { type: "button", disabled: this.chosen.length !== 2, onclick: () => void this.attempt(() => this.compare()) }, say("results.compare"))),
      this.said,
      this.list.length === 0 ? h("p", { class: "quiet" }, say("results.none")) : h("div", { class: "results-scroll", tabindex: 0, role: "group", "aria-label": say("results.title") },
        h("table", { class: "results-table" },
          h("thead", {}, h("tr", {}, ["results.chosen", "results.run", "results.files", "results.remove"].map((word) => h("th", { scope: "col" }, say(word as "results.run"))))),
          h("tbody", {}, this.list.map((run) => this.row(run))))));
  }

  private row(run: Run): HTMLElement {
    const report = run.files.find(({ name }) => name.endsWith(".html"));
    const name = run.title || run.args[0];
    const link = (file: string, text: string, shown: boolean) => h("a", { href: file_address(run.id, file), target: shown ? "_blank" : null, rel: "noopener", download: !shown }, text);
    return h("tr", {},
      h("td", {}, h("input", { type: "checkbox", "aria-label": say("results.choose", { name }), checked: this.chosen.includes(run.id), onchange: () => this.choose(run.id) })),
      h("th", { scope: "row" }, name, h("div", { class: "small quiet" }, `${run.args[0]} · ${began(run.id)} · ${seconds(run.seconds)}`)),
      h("td", {}, report && link(report.name, say("results.report"), true), " ",
        h("span", { class: "small" }, run.files.filter((file) => WORTH.test(file.name)).map((file) => [" ", link(file.name, file.name.replace("run/", ""), false)]).flat())),
      h("td", {}, h("button", { type: "button", class: "plain", "aria-label": say("results.remove_one", { name }), onclick: () => void this.attempt(() => remove(run.id)) }, "×")));
  }

  /* Of more than two the last two. */
  private choose(id: string): void {
    this.chosen = this.chosen.includes(id) ? this.chosen.filter((one) => one !== id) : [...this.chosen, id].slice(-2);
    this.draw();
  }

  private async attempt(what: () => Promise<unknown>): Promise<void> {
    try {
      await what();
    } catch (error) {
      replace(this.said, h("p", { role: "alert" }, say("failed", { why: String((error as Error).message ?? error) })));
    }
    await this.refresh();
  }

  private async keep(): Promise<void> {
    const current = this.current();
    if (current === null) {
      replace(this.said, h("p", {}, say("results.nothing")));
      return;
    }
    this.keep_button.disabled = true;
    replace(this.said, h("p", {}, say("results.running")));
    try {
      const run = await run_to_end(["simulate", "--json", "-n", "200", "--out", "run", "--report", "scenario.json"], { files: { "scenario.json": current.text }, keep: current.name });
      if (!run.kept) throw new Error(run.problem || run.stderr.trim() || run.state);
      replace(this.said);
    } finally {
      this.keep_button.disabled = false;
    }
  }

  /* In one sentence here, and in full as the report of both. */
  private async compare(): Promise<void> {
    const [a, b] = this.chosen;
    const { paired, differences } = await compare(a, b);
    const sure = differences.filter((row: any) => row.group === null && row.more_than_chance), all = differences.filter((row: any) => row.group === null);
    replace(this.said, h("p", {}, say(paired ? "results.compared" : "results.compared_apart", { sure: sure.length, all: all.length })));
    const both = await run_to_end(["report", "--out", "compared.html", a, b]);
    if (both.code === 0) this.said.append(h("p", {}, h("a", { href: file_address(both.id, "compared.html"), target: "_blank", rel: "noopener" }, say("results.both"))));
    else throw new Error(both.stderr.trim());
  }
}
