/* The whole recommendation, `fenliu staff`: shifts, what it costs, what is in doubt. It takes minutes, so it says how far it is and can be stopped. */
import { h, replace, table } from "../common/dom";
import { clock, money, number, percent, seconds } from "../common/numbers";
import { served } from "../common/served";
import { say, type Word } from "../common/words";
import { download } from "./files";
import { Refused, staff, type Staffed } from "./program";

type State = { at: "idle" } | { at: "running"; since: number; line: string } | { at: "done"; staffed: Staffed; took_s: number } | { at: "failed"; why: string } | { at: "stopped" };

export class Roster {
  readonly root = h("div", { class: "roster" });
  private state: State = { at: "idle" };
  private stop = new AbortController();
  private timer = 0;
  private kinds = "";
  private readonly progress = h("p", { class: "small quiet", "data-progress": true });

  /* `several_days`: the answer is date by date, and takes longer. */
  constructor(private readonly scenario: () => string, private readonly name: () => string, private readonly several_days: () => boolean,
    private readonly on_done: () => void) {}

  /* Another scenario: what was found, or is being looked for, is about the old one. */
  forget(): void {
    this.stop.abort();
    clearInterval(this.timer);
    this.state = { at: "idle" };
    this.draw();
  }

  draw(): void {
    const { state } = this;
    const start = h("button", { type: "button", onclick: () => void this.start() }, say(state.at === "idle" ? "roster.start" : "roster.again"));
    switch (state.at) {
      case "idle":
        replace(this.root, h("p", {}, say(this.several_days() ? "roster.days" : "roster.what")), start);
        break;
      case "running":
        replace(this.root, h("p", { role: "status" }, say("roster.running")), this.progress,
          h("button", { type: "button", onclick: () => this.cancel() }, say("roster.cancel")));
        this.draw_progress();
        break;
      case "stopped":
        replace(this.root, h("p", { role: "status" }, say("roster.stopped")), start);
        break;
      case "failed":
        replace(this.root, h("p", { role: "alert" }, say("failed", { why: state.why })), start);
        break;
      case "done":
        replace(this.root, h("div", { role: "status" },
          state.staffed.answer.months ? found_month(state.staffed.answer) : this.found(state.staffed),
          h("p", { class: "small quiet" }, say(served ? "roster.served" : "roster.solver", { took: seconds(state.took_s) })), this.plan(state.staffed)));
        break;
    }
  }

  private async start(): Promise<void> {
    this.stop = new AbortController();
    const { signal } = this.stop, since = performance.now();
    this.state = { at: "running", since, line: "" };
    this.kinds = "";
    this.draw();
    this.timer = window.setInterval(() => this.draw_progress(), 500);
    try {
      const staffed = await staff(this.scenario(), this.name(), signal, (line) => {
        if (this.state.at === "running") this.state.line = line;
      });
      this.state = { at: "done", staffed, took_s: (performance.now() - since) / 1000 };
      this.on_done();
    } catch (error) {
      if (signal.aborted) return;
      this.state = { at: "failed", why: error instanceof Refused ? error.message : String(error) };
    } finally {
      if (!signal.aborted) clearInterval(this.timer);
    }
    this.draw();
  }

  private cancel(): void {
    this.stop.abort();
    clearInterval(this.timer);
    this.state = { at: "stopped" };
    this.draw();
  }

  /* The program says "staff: trial 3, 7 people, 26 of 30 days pass", of several dates "staff: 2 of 11 kinds of day have a roster"; of what it says
   * otherwise the time is enough. */
  private draw_progress(): void {
    if (this.state.at !== "running") return;
    const spent = seconds((performance.now() - this.state.since) / 1000);
    const trial = /trial (\d+), (\d+) people, (\d+) of (\d+) days/.exec(this.state.line);
    const kinds = /(\d+) of (\d+) kinds of day/.exec(this.state.line);
    if (kinds) this.kinds = say("roster.kinds", { done: kinds[1], all: kinds[2] });
    this.progress.textContent = trial
      ? say("roster.trial", { spent, kinds: this.kinds, trial: trial[1], people: trial[2], met: trial[3], days: trial[4] })
      : say("roster.spent", { spent, kinds: this.kinds });
  }

  private plan({ plan }: Staffed): HTMLElement | null {
    return plan && h("p", {}, h("button", { type: "button", onclick: () => download(`${this.name()}.plan.json`, plan as unknown as BlobPart) }, say("roster.download")));
  }

  private found({ answer, proven }: Staffed): HTMLElement[] {
    const day = answer.probability_met, { headcount } = answer;
    const now = answer.curve.find((row: any) => row.plan === "now");
    const hour = (text: string) => clock(text, 0);
    const rows = answer.roster.map((shift: any) => [`${hour(shift.from)}–${hour(shift.to)}`, number(shift.agents)]);
    return [
      h("p", { class: "roster-sentence" }, say(proven ? "roster.answer" : "roster.missed", {
        on_duty: headcount.on_duty_at_once, payroll: headcount.payroll, cost: money(answer.cost_cny), met: day ? day.days_met : 0, days: day ? day.days : 0,
      })),
      ...(now && headcount.more_than_today > 0 ? [h("p", {}, say("roster.now", { now: money(now.cost_cny), more: headcount.more_than_today }))] : []),
      ...(answer.ordinary_day?.given ? [h("p", { class: "small quiet" }, say("roster.day", {
        replayed: seconds(answer.ordinary_day.replayed_response_s), seen: seconds(answer.ordinary_day.response_s) }))] : []),
      roster_table(say("roster.caption"), [say("roster.shift"), say("roster.people")], rows),
      ...this.doubts(answer),
    ];
  }

  /* What the answer becomes when one thing is off, as the program's `risk` has it. */
  private doubts(answer: any): HTMLElement[] {
    const { risk } = answer;
    if (!risk) return [];
    const line = (text: string, outcome: any) => outcome?.probability_met && h("li", {}, text, " ", percent(outcome.probability_met.mean, 0));
    const bar = (what: string, factor: number) => risk.tornado?.find((one: any) => one.what === what && one.factor === factor);
    return [h("h4", {}, say("roster.doubt", { days: risk.days })), h("ul", { class: "small" },
      line(say("roster.doubt.as_planned"), risk.as_planned),
      line(say("roster.doubt.traffic"), bar("traffic", 1.2)),
      line(say("roster.doubt.reply"), bar("reply_time", 1.2)),
      line(say("roster.doubt.patience"), bar("patience", 0.8)),
      line(say("roster.doubt.absent"), risk.one_absent))];
  }
}

function roster_table(caption: string, head: string[], rows: string[][]): HTMLElement {
  const made = table(caption, head, rows);
  made.className = "roster-table";
  made.caption!.className = "";
  return h("div", { class: "roster-scroll", tabindex: 0, role: "group", "aria-label": caption }, made);
}

/* Of a scenario of several days: what each date takes, and whom to take on by when. */
function found_month({ months, dates, dates_held, wages_cny, hiring, team }: any): HTMLElement[] {
  const day = (instant: string) => instant.slice(5, 10);
  const rows = dates.map((date: any) => [`${day(date.from)} ${say(`weekday.${date.weekday}` as Word)}`, number(date.chats), number(date.people), number(date.at_once), percent(date.days_met / date.days, 0)]);
  const hired = (hiring?.take_on ?? []).map((one: any) => [one.kind, number(one.people), day(one.by)]);
  return [
    h("p", { class: "roster-sentence" }, say("head.month", { people: team?.payroll ?? say("none"), hired: team?.hired ?? 0, dates: dates.length, held: dates_held,
      cost: wages_cny === null ? "" : say("head.staff.cost", { cost: money(wages_cny) }) })),
    ...(team?.open_shifts > 0 ? [h("p", {}, say("roster.open", { n: team.open_shifts }))] : []),
    ...(hired.length ? [roster_table(say("hire.title"), [say("hire.kind"), say("hire.people"), say("hire.by")], hired)] : []),
    roster_table(say("roster.dates", { n: months }), [say("date.date"), say("date.chats"), say("date.people"), say("date.at_once"), say("date.met")], rows),
  ];
}
