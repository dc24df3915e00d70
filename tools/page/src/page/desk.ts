/* The live desk: a night replayed from its log at any speed. Who has which chats open, what waits, who has left; any chat can be opened and read.
 * The desk at a moment is night.ts's; here only what has changed since the last frame is drawn again. */
import { append, h, reduced_motion, replace } from "../common/dom";
import { clock, number, percent, seconds } from "../common/numbers";
import { say } from "../common/words";
import { by_name, LIMIT_S, Moment, type Chat, type Event, type Night } from "./night";
import { counts_at, type Scenario } from "./scenario";

const SPEEDS = [1, 10, 60, 300, 600];
const LEAVERS_SHOWN = 40, QUEUE_SHOWN = 60;
/* Waiting as people see it: just now, a while, beyond the three minutes. */
const SLOW_S = 60;
const BUSIEST_STEP_S = 300;
/* Who has had nothing to do for so long is not there, as far as a log can tell. */
const AWAY_S = 1800;
/* The practitioner's bands, chats an agent and eight hours: idle, normal, full, hard, add people (scenarios/README.md's sources; DESIGN of load_band). */
const BANDS = [60, 80, 100, 120];

/* Less than an hour says nothing about eight. */
const of_eight_hours = (chats: number, hours: number): number => Math.round((chats / Math.max(hours, 1)) * 8);

/* One agent: her name, her open chats as marks, how many wait, how busy her day has been. */
class Card {
  readonly root: HTMLElement;
  private readonly marks = h("div", { class: "marks" });
  private readonly said = h("span", { class: "small quiet" });
  private readonly band = h("span", { class: "band" });
  private readonly of_chat = new Map<number, HTMLButtonElement>();
  taken = 0;   /* chats given to her so far */
  first_s = 0; /* from her first chat */
  last_s = 0;  /* to what she did last: about the hours she has been on duty */

  constructor(private readonly name: string, private readonly numbered: (chat: number) => number, private readonly open: (chat: number) => void) {
    this.root = h("li", { class: "agent" }, h("div", { class: "agent-head" }, h("span", { class: "agent-name" }, name), this.band), this.marks, this.said);
  }

  draw(desk: Moment): void {
    const held = desk.held.get(this.name)!;
    for (const [id, mark] of this.of_chat) if (!held.has(id)) {
      mark.remove();
      this.of_chat.delete(id);
    }
    this.root.classList.toggle("away", held.size === 0 && (this.taken === 0 || desk.at_s - this.last_s > AWAY_S));
    let waiting = 0, open = 0;
    for (const id of held) {
      const chat = desk.chats.get(id)!;
      let mark = this.of_chat.get(id);
      if (!mark) {
        mark = h("button", { type: "button", class: "mark", tabindex: -1, onclick: () => this.open(id) });
        this.of_chat.set(id, mark);
        this.marks.append(mark);
      }
      const state = state_of(chat, desk.at_s);
      const text = chat.unanswered && !chat.left ? String(chat.unanswered) : "";
      if (mark.dataset.state !== state || mark.textContent !== text) {
        mark.dataset.state = state;
        mark.textContent = text;
        const unanswered = text && say("desk.chat.unanswered", { n: text });
        mark.setAttribute("aria-label", say("desk.chat", { id: this.numbered(id), state: say(`state.${state}` as "state.idle"), unanswered }));
      }
      if (chat.left !== "silent") open++;
      if (chat.waiting_since !== null && !chat.left) waiting++;
    }
    const chats = of_eight_hours(this.taken, (this.last_s - this.first_s) / 3600), band = BANDS.filter((from) => chats >= from).length;
    const words = say("desk.agent", { open: number(open), waiting: number(waiting) });
    if (this.said.textContent !== words) this.said.textContent = words;
    const load = say(`desk.band.${band}` as "desk.band.0", { n: number(chats) });
    if (this.band.textContent !== load) {
      this.band.textContent = load;
      this.band.dataset.band = String(band);
    }
  }

  did(event: Event): void {
    if (event.kind === "assigned" && this.taken++ === 0) this.first_s = event.at_s;
    if (event.kind === "assigned" || event.kind === "agent_reply") this.last_s = event.at_s;
  }

  clear(): void {
    this.taken = this.first_s = this.last_s = 0;
    this.of_chat.clear();
    replace(this.marks);
  }
}

function waiting_in(desk: Moment): number {
  let waiting = 0;
  for (const chat of desk.chats.values()) if (chat.waiting_since !== null && !chat.left) waiting++;
  return waiting;
}

type State = "idle" | "waiting" | "slow" | "late" | "gone";
function state_of(chat: Chat, now: number): State {
  if (chat.left) return "gone";
  if (chat.waiting_since === null) return "idle";
  const waited = now - chat.waiting_since;
  return waited > LIMIT_S ? "late" : waited > SLOW_S ? "slow" : "waiting";
}

export class Desk {
  readonly root = h("section", { id: "desk", "aria-labelledby": "desk-title" });
  private night: Night | null = null;
  private scenario: Scenario = null;
  private title = "";
  private desk: Moment | null = null;
  private cards: Card[] = [];
  private by_agent = new Map<string, Card>();
  private end_s = 0;
  private at_s = 0;
  private speed = 60;
  private playing = false;
  private last_frame = 0;
  private frame = 0;
  private reading: number | null = null;
  private counted_to = 0; /* events whose assignments the cards have counted */
  private leavers_drawn = 0;
  private queue_drawn = "";
  private readonly time = h("strong", { class: "desk-time" });
  private readonly scrub = h("input", { type: "range", min: 0, max: 1, step: 1, value: 0, id: "desk-scrub", oninput: () => this.go(Number(this.scrub.value)) });
  private readonly button = h("button", { type: "button", onclick: () => this.toggle() });
  private readonly counters = h("dl", { class: "counters" });
  private readonly counter_values = new Map<string, HTMLElement>();
  private readonly agents = h("ul", { class: "agents" });
  private readonly queue = h("ul", { class: "chips" });
  private readonly leavers = h("ul", { class: "chips" });
  private readonly reader = h("aside", { class: "reader", "aria-live": "off", hidden: true });

  constructor() {
    /* One stop for the keyboard; arrows go from chat to chat, across agents. */
    this.agents.addEventListener("keydown", (event) => this.key(event));
    this.agents.addEventListener("focusin", (event) => this.focused(event.target as HTMLElement));
    this.draw();
  }

  /* Shows a night, standing still two minutes before most buyers wait, so that there is something to see. */
  show(night: Night, scenario: Scenario, duration_s: number, title: string): void {
    cancelAnimationFrame(this.frame);
    this.desk = new Moment(night, counts_at(scenario));
    let busiest_s = 0, most = -1;
    for (let at_s = 0; at_s <= duration_s; at_s += BUSIEST_STEP_S) {
      this.desk.to(at_s);
      const waiting = waiting_in(this.desk);
      if (waiting > most) [most, busiest_s] = [waiting, at_s];
    }
    Object.assign(this, { night, scenario, title, end_s: duration_s, at_s: Math.max(0, busiest_s - 120), playing: false, reading: null });
    this.draw();
  }

  /* Buyers are known by the order in which they came; the log's own numbers are long. */
  private numbered(chat: number): number {
    return this.night!.number_of.get(chat)!;
  }

  draw(): void {
    if (!this.night) {
      replace(this.root, h("h2", { id: "desk-title" }, say("desk.title")), h("p", { class: "quiet" }, say("desk.none")));
      return;
    }
    this.root.dataset.night = this.title;
    this.scrub.max = String(Math.floor(this.end_s));
    this.scrub.setAttribute("aria-label", say("desk.scrub"));
    this.cards = [...this.night.agents].sort(by_name).map((name) => new Card(name, (chat) => this.numbered(chat), (chat) => this.read(chat)));
    this.by_agent = new Map(this.night.agents.slice().sort(by_name).map((name, i) => [name, this.cards[i]]));
    const speed = h("select", { id: "desk-speed", onchange: () => { this.speed = Number(speed.value); } },
      SPEEDS.map((times) => h("option", { value: times, selected: times === this.speed }, say("desk.speed", { n: times }))));
    replace(this.root,
      h("h2", { id: "desk-title" }, say("desk.title")),
      h("p", { class: "quiet" }, say("desk.what", { night: this.title })),
      h("div", { class: "desk-controls" }, this.button, h("label", { for: "desk-speed", class: "unseen" }, say("desk.speed.label")), speed, this.time, this.scrub),
      this.counters,
      h("p", { class: "legend small quiet" }, (["idle", "waiting", "slow", "late", "gone"] as State[]).map((state) =>
        h("span", {}, h("span", { class: "mark", "data-state": state, "aria-hidden": "true" }), say(`state.${state}`)))),
      h("p", { class: "small quiet" }, say("desk.band.what")),
      h("div", { class: "desk-floor" },
        h("div", {}, h("h3", {}, say("desk.agents")), this.agents),
        h("div", { class: "desk-side" }, h("h3", {}, say("desk.queue")), this.queue, h("h3", {}, say("desk.leavers")), this.leavers)),
      this.reader);
    replace(this.agents, this.cards.map((card) => card.root));
    this.counter_values.clear();
    replace(this.counters, (["offered", "waiting", "queue", "left", "later", "rate"] as const).map((name) => {
      const value = h("dd", { "data-counter": name });
      this.counter_values.set(name, value);
      return h("div", {}, h("dt", {}, say(`desk.count.${name}`)), value);
    }));
    this.begin_again();
    this.draw_reader();
  }

  /* Everything from the start of the night to now. */
  private begin_again(): void {
    for (const card of this.cards) card.clear();
    this.counted_to = 0;
    this.leavers_drawn = 0;
    this.queue_drawn = "-";
    replace(this.leavers);
    this.draw_now();
  }

  private go(at_s: number): void {
    const back = at_s < this.at_s;
    this.at_s = at_s;
    if (back) this.begin_again();
    else this.draw_now();
  }

  private draw_now(): void {
    const desk = this.desk!, night = this.night!;
    desk.to(this.at_s);
    for (; this.counted_to < night.events.length && night.events[this.counted_to].at_s <= this.at_s; this.counted_to++) {
      const event = night.events[this.counted_to];
      if (event.agent !== null) this.by_agent.get(event.agent)!.did(event);
    }
    for (const card of this.cards) card.draw(desk);
    if (!this.agents.querySelector('.mark[tabindex="0"]')) this.agents.querySelector<HTMLElement>(".mark")?.setAttribute("tabindex", "0");
    this.draw_counters(desk);
    this.draw_queue(desk);
    this.draw_leavers(desk);
    this.time.textContent = clock(this.scenario.start, this.at_s, true);
    this.scrub.value = String(Math.floor(this.at_s));
    this.scrub.setAttribute("aria-valuetext", this.time.textContent);
    this.button.textContent = say(this.playing ? "play.pause" : this.at_s >= this.end_s ? "play.again" : "play.play");
    if (this.reading !== null) this.draw_reader();
  }

  private draw_counters(desk: Moment): void {
    const figures = desk.figures();
    const rate = desk.rate();
    const values: Record<string, string> = {
      offered: number(figures.offered), waiting: number(waiting_in(desk)), queue: number(desk.queue.size), left: number(figures.left), later: number(figures.left_later),
      rate: percent(rate),
    };
    for (const [name, element] of this.counter_values) if (element.textContent !== values[name]) element.textContent = values[name];
  }

  private chip(chat: number, text: string): HTMLElement {
    return h("li", {}, h("button", { type: "button", class: "chip", onclick: () => this.read(chat) }, text));
  }

  private draw_queue(desk: Moment): void {
    const ids = [...desk.queue].slice(0, QUEUE_SHOWN), key = ids.join(" ");
    if (key === this.queue_drawn) return;
    this.queue_drawn = key;
    replace(this.queue, ids.map((id) => this.chip(id, say("desk.buyer", { id: this.numbered(id) }))));
    if (!ids.length) append(this.queue, h("li", { class: "small quiet" }, say("desk.queue.empty")));
  }

  /* The newest first. */
  private draw_leavers(desk: Moment): void {
    if (this.leavers_drawn > 0 && this.leavers_drawn === desk.leavers.length) return;
    if (this.leavers_drawn === 0) replace(this.leavers, desk.leavers.length ? [] : h("li", { class: "small quiet" }, say("desk.leavers.none")));
    const from = Math.max(this.leavers_drawn, desk.leavers.length - LEAVERS_SHOWN);
    for (const { chat, at_s, silent } of desk.leavers.slice(from))
      this.leavers.prepend(this.chip(chat, say(silent ? "desk.left.silent" : "desk.left.said", { at: clock(this.scenario.start, at_s), id: this.numbered(chat) })));
    while (this.leavers.children.length > LEAVERS_SHOWN) this.leavers.lastElementChild!.remove();
    this.leavers_drawn = desk.leavers.length;
  }

  private toggle(): void {
    this.playing = !this.playing;
    cancelAnimationFrame(this.frame);
    if (this.playing && this.at_s >= this.end_s) {
      this.at_s = 0;
      this.begin_again();
    }
    this.last_frame = performance.now();
    if (this.playing) this.frame = requestAnimationFrame((now) => this.step(now));
    this.draw_now();
  }

  /* Who wants little motion gets the desk once a second instead of at every frame. */
  private step(now: number): void {
    const passed_ms = now - this.last_frame;
    if (!reduced_motion() || passed_ms >= 1000) {
      this.last_frame = now;
      this.at_s = Math.min(this.end_s, this.at_s + (Math.max(0, Math.min(passed_ms, 1000)) / 1000) * this.speed);
      if (this.at_s >= this.end_s) this.playing = false;
      this.draw_now();
    }
    if (this.playing) this.frame = requestAnimationFrame((next) => this.step(next));
  }

  private key(event: KeyboardEvent): void {
    const marks = [...this.agents.querySelectorAll<HTMLElement>(".mark")];
    const at = marks.indexOf(document.activeElement as HTMLElement);
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (at < 0 || step === undefined) return;
    event.preventDefault();
    marks[Math.max(0, Math.min(marks.length - 1, at + step))].focus();
  }

  private focused(target: HTMLElement): void {
    if (!target.classList.contains("mark")) return;
    for (const mark of this.agents.querySelectorAll('.mark[tabindex="0"]')) mark.setAttribute("tabindex", "-1");
    target.setAttribute("tabindex", "0");
  }

  /* Opens a chat: the night stands still while it is read. */
  private read(chat: number): void {
    this.reading = chat;
    if (this.playing) this.toggle();
    this.draw_reader();
    this.reader.querySelector("button")?.focus();
  }

  private close_reader(): void {
    this.reading = null;
    this.draw_reader();
    this.agents.querySelector<HTMLElement>('.mark[tabindex="0"]')?.focus();
  }

  /* The chat up to now, word for word as the log has it. */
  private draw_reader(): void {
    this.reader.hidden = this.reading === null;
    if (this.reading === null) return;
    const night = this.night!, start = this.scenario.start;
    const events = night.of_chat.get(this.reading)!.map((i) => night.events[i]).filter((event) => event.at_s <= this.at_s);
    const lines: HTMLElement[] = [];
    let opened: number | null = null;
    for (const event of events) {
      const at = h("time", { class: "small quiet" }, clock(start, event.at_s, true));
      if (event.kind === "buyer_message") {
        opened ??= event.at_s;
        lines.push(h("li", { class: "buyer" }, at, h("p", {}, event.text)));
      } else if (event.kind === "agent_reply" || event.kind === "agent_extra" || event.kind === "bot_reply" || event.kind === "greeting") {
        const waited = event.kind === "agent_reply" && opened !== null ? event.at_s - opened : null;
        if (event.kind === "agent_reply") opened = null;
        lines.push(h("li", { class: "desk-says" }, at,
          h("span", { class: "small quiet" }, event.kind === "greeting" ? say("reader.greeting") : event.kind === "bot_reply" ? say("reader.bot") : event.agent ?? "",
            waited !== null && ` · ${say("reader.waited", { time: seconds(waited) })}`),
          h("p", {}, event.text)));
      } else if (event.kind === "abandoned" || event.kind === "abandoned_silent") {
        lines.push(h("li", { class: "gone" }, at, h("p", {}, say(event.kind === "abandoned" ? "reader.left" : "reader.left.silent",
          { waited: seconds(opened === null ? null : event.at_s - opened) }), event.text && h("br"), event.text)));
        opened = null;
      } else if (event.kind === "queued" || event.kind === "transferred" || event.kind === "leave_message" || event.kind === "rejected") {
        lines.push(h("li", { class: "state small quiet" }, at, " ", say(`reader.${event.kind}`)));
      }
    }
    replace(this.reader,
      h("div", { class: "reader-head" }, h("h3", {}, say("desk.buyer", { id: this.numbered(this.reading) })),
        h("button", { type: "button", class: "plain", onclick: () => this.close_reader() }, say("reader.close"))),
      h("ol", { class: "messages", lang: "zh-CN", tabindex: 0, "aria-label": say("desk.buyer", { id: this.numbered(this.reading) }) }, lines));
  }
}
