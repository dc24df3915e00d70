/* The demonstration: one night, the same buyers, two headcounts side by side, from the log of both runs. Both 3-minute lights are as the platform
 * would show them; beside them, who has left. Nothing is drawn that the program did not say. */
import green from "scenarios/green-kpi-lost-buyers.json";
import { h, reduced_motion, replace } from "../common/dom";
import { clock, number, percent } from "../common/numbers";
import { say } from "../common/words";
import { Moment, type Night } from "./night";
import { log, simulate, type Summary } from "./program";
import { text_of, type Scenario } from "./scenario";

/* The shipped scenario has two people for 625 chats a day; this is a shop of twice that, with twice the people, and with four times. */
const CHATS_PER_DAY = 1250;
const HEADCOUNTS = [4, 8];
const NIGHT_S = 4 * 3600;
const PLAYS_S = 26;       /* how long the four hours take to watch */
const MEAN_OF_NIGHTS = 100;

interface Side { people: number; scenario: Scenario; moment: Moment; course: { at_s: number; left: number }[]; night_figures: Summary; mean: Summary | null }

/* The platform's threshold in the scenario, "> 0.90". */
const threshold = Number(JSON.parse(green).objectives.reply_rate_3min.replace(/[^0-9.]/g, ""));

function scenario_with(people: number): Scenario {
  const scenario = JSON.parse(green);
  scenario.traffic.chats_per_day = CHATS_PER_DAY;
  scenario.desk.agents[0].count = people;
  return scenario;
}

/* When each buyer left, for the line: read once, from a desk that runs through the night. */
function course_of(night: Night): { at_s: number; left: number }[] {
  const desk = new Moment(night), course = [{ at_s: 0, left: 0 }];
  for (const event of night.events) {
    if (event.kind !== "abandoned" && event.kind !== "abandoned_silent") continue;
    desk.to(event.at_s);
    const { left } = desk.figures();
    if (left !== course[course.length - 1].left) course.push({ at_s: event.at_s, left });
  }
  return course;
}

async function side(people: number): Promise<Side> {
  const scenario = scenario_with(people), text = text_of(scenario);
  const [night, night_figures] = await Promise.all([log(text), simulate(text, 1)]);
  return { people, scenario, moment: new Moment(night), course: course_of(night), night_figures, mean: null };
}

const SVG = "http://www.w3.org/2000/svg";
function svg(tag: string, attributes: Record<string, string | number>): SVGElement {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}

/* How many have left so far, on the scale that both sides share. */
class Course {
  readonly root = svg("svg", { viewBox: "0 0 300 80", preserveAspectRatio: "none", class: "demo-course", "aria-hidden": "true" });
  private readonly line = svg("path", { class: "demo-line", "vector-effect": "non-scaling-stroke" });
  private readonly area = svg("path", { class: "demo-area" });

  constructor(private readonly side: Side, private readonly most: number) {
    this.root.append(this.area, this.line);
  }

  draw(at_s: number): void {
    const x = (s: number) => ((s / NIGHT_S) * 300).toFixed(1), y = (left: number) => (78 - (left / this.most) * 74).toFixed(1);
    let path = `M0 ${y(0)}`;
    for (const point of this.side.course) {
      if (point.at_s > at_s) break;
      path += `H${x(point.at_s)}V${y(point.left)}`;
    }
    path += `H${x(at_s)}`;
    this.line.setAttribute("d", path);
    this.area.setAttribute("d", `${path}V80H0Z`);
  }
}

/* One side: what it shows changes many times a second, so its texts are kept and set. */
class Panel {
  readonly root: HTMLElement;
  private readonly rate = h("span", { class: "demo-rate" });
  private readonly light = h("span", { class: "light" });
  private readonly verdict = h("span", { class: "small" });
  private readonly left = h("strong", { class: "demo-left", "data-counter": "left" });
  private readonly silent = h("span", {});
  private readonly waiting = h("span", {});
  private readonly course: Course;

  constructor(private readonly side: Side, most: number) {
    this.course = new Course(side, most);
    this.root = h("article", { class: "demo-side", "data-people": side.people, "aria-label": say("demo.people", { n: side.people }) },
      h("h2", {}, say("demo.people", { n: side.people })),
      h("p", { class: "demo-kpi" }, this.light, h("span", {}, say("demo.rate")), this.rate, this.verdict),
      h("p", { class: "demo-gone" }, h("span", {}, say("demo.left")), this.left, h("span", { class: "small" }, say("demo.left.unit"))),
      this.course.root,
      h("p", { class: "small quiet" }, this.silent, h("br"), this.waiting));
  }

  draw(at_s: number): void {
    this.side.moment.to(at_s);
    const figures = this.side.moment.figures(), rate = this.side.moment.rate();
    const good = rate === null || rate > threshold;
    this.light.className = `light ${good ? "green" : "red"}`;
    this.rate.textContent = rate === null ? say("none") : percent(rate);
    this.verdict.textContent = say(good ? "demo.passes" : "demo.fails", { threshold: percent(threshold, 0) });
    this.left.textContent = number(figures.left);
    this.silent.textContent = say("demo.silent", { n: number(figures.left_silent) });
    let waiting = 0;
    for (const chat of this.side.moment.chats.values()) if (chat.waiting_since !== null && chat.left === null) waiting++;
    this.waiting.textContent = say("demo.waiting", { n: number(waiting) });
    this.root.dataset.rate = String(rate);
    this.course.draw(at_s);
  }
}

export class Demo {
  readonly root = h("section", { id: "demo", "aria-labelledby": "demo-title" });
  private sides: Side[] | null = null;
  private panels: Panel[] = [];
  private at_s = 0;
  private playing = false;
  private last_frame = 0;
  private frame = 0;
  private readonly time = h("span", { class: "demo-time", "data-counter": "time" });
  private readonly button = h("button", { type: "button", onclick: () => this.toggle() });
  private readonly closing = h("div", { "aria-live": "polite" });

  /* Its night with few people is what the live desk shows until the owner has a night of her own. */
  readonly ready: Promise<{ scenario: Scenario; night: Night }>;

  constructor() {
    this.draw();
    this.ready = this.load();
  }

  private async load(): Promise<{ scenario: Scenario; night: Night }> {
    try {
      this.sides = await Promise.all(HEADCOUNTS.map(side));
    } catch (error) {
      replace(this.root, h("p", { role: "alert" }, say("failed", { why: String(error) })));
      throw error;
    }
    if (reduced_motion()) this.at_s = NIGHT_S;
    this.draw();
    if (!reduced_motion()) this.toggle();
    void this.average();
    return { scenario: this.sides[0].scenario, night: this.sides[0].moment.night };
  }

  /* One night is one night: what a hundred such nights say stands beside it. */
  private async average(): Promise<void> {
    await Promise.all(this.sides!.map(async (side) => { side.mean = await simulate(text_of(side.scenario), MEAN_OF_NIGHTS); }));
    this.draw_closing();
  }

  /* All of it anew, in the language of the moment. */
  draw(): void {
    const most = this.sides ? Math.max(...this.sides.map((one) => one.course[one.course.length - 1].left)) : 1;
    this.panels = (this.sides ?? []).map((one) => new Panel(one, most));
    replace(this.root,
      h("h1", { id: "demo-title", class: "demo-sentence" }, say("demo.sentence")),
      h("p", { class: "quiet demo-under" }, say("demo.under")),
      this.sides
        ? h("div", { class: "demo-sides" }, this.panels.map((panel) => panel.root))
        : h("div", { class: "demo-sides demo-empty" }, h("p", { class: "quiet" }, say("demo.loading"))),
      h("div", { class: "demo-controls" }, this.button, this.time),
      this.closing);
    this.draw_frame();
    this.draw_closing();
  }

  private draw_frame(): void {
    for (const panel of this.panels) panel.draw(this.at_s);
    this.time.textContent = this.sides ? clock(this.sides[0].scenario.start, this.at_s) : "";
    this.button.textContent = say(this.playing ? "play.pause" : this.at_s >= NIGHT_S ? "play.again" : "play.play");
    this.button.disabled = !this.sides;
    this.root.dataset.done = String(this.at_s >= NIGHT_S);
  }

  private draw_closing(): void {
    if (!this.sides || this.at_s < NIGHT_S) {
      replace(this.closing);
      return;
    }
    const [few, many] = this.sides;
    const left = (summary: Summary) => summary.totals.chats_abandoned.mean;
    replace(this.closing,
      h("p", { class: "demo-close" }, say("demo.close", {
        buyers: number(few.night_figures.totals.chats_offered.mean), few: few.people, few_left: number(left(few.night_figures)),
        few_rate: percent(few.night_figures.totals.reply_rate_3min.mean), many: many.people, many_left: number(left(many.night_figures)),
      })),
      few.mean && many.mean && h("p", { class: "small quiet" }, say("demo.mean", {
        nights: MEAN_OF_NIGHTS, few: few.people, few_left: number(left(few.mean)), few_rate: percent(few.mean.totals.reply_rate_3min.mean),
        many: many.people, many_left: number(left(many.mean)), many_rate: percent(many.mean.totals.reply_rate_3min.mean),
      })),
      h("p", { class: "small quiet" }, say("demo.why")));
  }

  private toggle(): void {
    this.playing = !this.playing;
    cancelAnimationFrame(this.frame);
    if (this.playing) {
      if (this.at_s >= NIGHT_S) this.at_s = 0;
      if (reduced_motion()) {
        this.at_s = NIGHT_S;
        this.playing = false;
      } else {
        this.last_frame = performance.now();
        this.frame = requestAnimationFrame((now) => this.step(now));
      }
    }
    this.draw_frame();
    this.draw_closing();
  }

  private step(now: number): void {
    const passed_s = Math.max(0, Math.min(0.25, (now - this.last_frame) / 1000));
    this.last_frame = now;
    this.at_s = Math.min(NIGHT_S, this.at_s + (passed_s / PLAYS_S) * NIGHT_S);
    if (this.at_s >= NIGHT_S) this.playing = false;
    this.draw_frame();
    if (this.playing) this.frame = requestAnimationFrame((next) => this.step(next));
    else this.draw_closing();
  }
}
