/* The answer: how many people, in one sentence; the headcounts beside it as a picture; and sliders that move it. What is asked last is what is
 * answered: while one look is under way the newest request waits, and those between are dropped. Every look is the same days with the same
 * buyers, so what changes is what the slider has changed. */
import { axis, chart, type Colours, type Picture } from "../common/charts";
import { h, replace } from "../common/dom";
import { money, number, percent, seconds } from "../common/numbers";
import { decided_by_few, metric_words, wanted } from "../common/objectives";
import { say, type Word } from "../common/words";
import { Refused, type About, type Summary } from "./program";
import { set_to, setting_of, type Scenario, type Setting } from "./scenario";
import { believe, share_interval, Study, type Fit, type Trial } from "./study";

const POLICIES = ["weighted_least_active", "least_active", "fewest_today", "round_robin", "fewest_awaiting", "longest_since_assignment", "random"] as const;
/* The long look begins when the sliders have been still for so long. */
const SETTLES_MS = 500;
/* Whoever waits for so long is told how far it is, and may stop it. */
const LONG_MS = 3000;

interface Slider { key: "people" | "multiplier" | "patience" | "reply" | "chats"; label: Word; least: number; most: number; step: number; shown: (value: number) => string }

export class Answer {
  readonly root = h("section", { id: "answer", "aria-labelledby": "answer-title", hidden: true });
  private scenario: Scenario = null;
  private about: About | null = null;
  private fit: Fit | null = null;
  private setting!: Setting;
  private study: Study | null = null;
  private fewest: number | null = null;
  private none_found = false;       /* not even the most that may be passes */
  private sure = false;             /* the fewest comes from the longer look */
  private chosen: Trial | null = null;
  private trials: Trial[] = [];
  private stop = new AbortController();
  private settling = 0;
  private searched = false;         /* the fewest is that of the present study, not of the one before */
  private busy = false;             /* a glance is under way: what is asked meanwhile waits for it */
  private pending = false;
  private began = 0;
  private trouble = "";
  private stopped = false;          /* by whoever waited for it */
  private waited_from = 0;
  private watch = 0;
  private readonly believed = h("p", { class: "believed" });
  private readonly sentence = h("p", { class: "answer-sentence", role: "status", "data-answer": true });
  private readonly doubt = h("p", { class: "small quiet" });
  private readonly progress = h("p", { class: "small quiet", hidden: true });
  private readonly progress_text = h("span", { "data-progress": true });
  private readonly figures = h("div", { class: "figures" });
  private readonly picture = h("div", {});
  private readonly sliders = h("div", { class: "sliders", role: "group" });

  /* `on_setting` hears of every scenario that the sliders make. */
  constructor(private readonly on_setting: () => void, private readonly extra: HTMLElement[]) {}

  /* The scenario as the sliders and the ordinary day have it now: what a download, the desk and the whole roster take. The ordinary day's fit is
   * left to `fenliu staff` itself where it is asked (`fitted` false). */
  current(fitted: boolean): Scenario {
    return set_to(this.scenario, this.setting, fitted ? this.fit?.factor : 1);
  }

  get name(): string { return this.about?.name ?? "fenliu"; }
  /* Whether `fenliu staff` plans it date by date, with another kind of answer: more than 48 hours. */
  get several_days(): boolean { return (this.about?.duration_s ?? 0) > 48 * 3600; }
  get known(): boolean { return this.about !== null; }

  /* A new scenario, which the program has accepted. */
  async take(scenario: Scenario, about: About): Promise<void> {
    this.stop.abort();
    this.stop = new AbortController();
    clearTimeout(this.settling);
    const { signal } = this.stop;
    Object.assign(this, { scenario: with_objectives(scenario), about, fit: null, study: null, fewest: null, none_found: false, sure: false, searched: false, chosen: null, trials: [],
      trouble: "", busy: false, pending: false });
    this.setting = setting_of(this.scenario);
    this.began = performance.now();
    this.root.hidden = false;
    this.draw();
    await this.guarded(signal, () => this.look(signal));
  }

  /* What the ordinary day says comes before any figure. A slider that moves meanwhile waits for it, as for a glance: the look that follows is
   * at what the sliders say then. */
  private async replay(signal: AbortSignal): Promise<void> {
    this.busy = true;
    this.fit = await believe(this.scenario, signal);
    this.busy = this.pending = false;
    this.draw_words();
  }

  /* What fails is said; what was cut short by something newer is not. */
  private async guarded(signal: AbortSignal, what: () => Promise<void>): Promise<void> {
    this.stopped = false;
    this.waited_from = performance.now();
    clearInterval(this.watch);
    this.watch = window.setInterval(() => this.draw_progress(), 500);
    try {
      await what();
      if (!signal.aborted) this.end_progress();
    } catch (error) {
      if (signal.aborted) return;
      this.end_progress();
      this.busy = this.pending = false;
      this.trouble = error instanceof Refused ? error.message : String(error);
      this.draw_words();
    }
  }

  private draw_progress(): void {
    const spent_ms = performance.now() - this.waited_from;
    if (spent_ms < LONG_MS) return;
    if (this.progress.hidden) replace(this.progress, this.progress_text, " ", h("button", { type: "button", class: "plain", onclick: () => this.stop_waiting() }, say("roster.cancel")));
    this.progress.hidden = false;
    this.progress_text.textContent = say("answer.progress", { spent: seconds(spent_ms / 1000), n: this.study?.tried ?? 0 });
  }

  private end_progress(): void {
    clearInterval(this.watch);
    this.progress.hidden = true;
  }

  /* What is known by now stays. */
  private stop_waiting(): void {
    this.stop.abort();
    this.end_progress();
    this.busy = this.pending = false;
    this.stopped = true;
    this.draw_words();
  }

  private get most(): number {
    return Math.max(this.scenario.staffing?.max_agents ?? 200, this.setting.people);
  }

  /* The quick look: the chosen headcount, then the fewest that passes; the longer one once nothing moves any more. */
  private async look(signal: AbortSignal): Promise<void> {
    if (this.scenario.ordinary_day && !this.fit) await this.replay(signal);
    const { people: _people, ...rest } = this.setting;
    const known = this.study && JSON.stringify(rest) === JSON.stringify((({ people: _, ...others }) => others)(this.study.setting));
    if (!known) {
      this.study = new Study(this.scenario, { ...this.setting }, this.fit?.factor ?? 1, this.about!.chats_expected * this.traffic_now());
      this.trials = [];
      this.sure = this.searched = false;
    }
    const study = this.study!;
    const from = performance.now();
    this.busy = true;
    this.chosen = await study.trial(this.setting.people, study.glance_days, signal);
    this.busy = false;
    this.draw_words();
    this.root.dataset.sliderMs = String(Math.round(performance.now() - from));
    if (this.pending) {
      this.pending = false;
      this.moved();
      return;
    }
    /* Who is not believed recommends nothing. */
    if (this.fit && !this.fit.believed) return;
    if (!this.searched) {
      const fewest = await study.fewest(study.quick_days, this.fewest ?? this.setting.people, this.most, signal);
      this.fewest = fewest;
      this.none_found = fewest === null;
      this.searched = true;
      this.draw_words();
      this.root.dataset.answerMs = String(Math.round(performance.now() - this.began));
    }
    this.chosen = await study.trial(this.setting.people, study.quick_days, signal);
    this.draw_words();
    clearTimeout(this.settling);
    this.settling = window.setTimeout(() => void this.guarded(signal, () => this.settle(signal)), SETTLES_MS);
  }

  /* The headcounts around the answer and the chosen one, on many days. */
  private async settle(signal: AbortSignal): Promise<void> {
    const study = this.study!;
    const around = this.fewest ?? this.most;
    const tell = (trials: Trial[]) => {
      this.trials = trials;
      this.draw_picture();
    };
    this.trials = await study.curve(around, this.most, signal, tell);
    this.fewest = study.fewest_of(this.trials);
    this.none_found = this.fewest === null;
    this.chosen = await study.trial(this.setting.people, study.curve_days, signal);
    if (!this.trials.some((trial) => trial.people === this.chosen!.people)) this.trials = [...this.trials, this.chosen].sort((a, b) => a.people - b.people);
    this.sure = true;
    this.draw_words();
    this.draw_picture();
    this.root.dataset.sureMs = String(Math.round(performance.now() - this.began));
  }

  /* How many times the scenario's chats the promotion slider brings, about: sizes the looks, is not shown. */
  private traffic_now(): number {
    const before = setting_of(this.scenario).multiplier;
    return before && this.setting.multiplier ? Math.max(0.2, this.setting.multiplier / before) : 1;
  }

  /* A slider has moved. */
  private moved(): void {
    this.on_setting();
    clearTimeout(this.settling);
    this.trouble = ""; /* it was about the setting before */
    if (this.busy) {
      this.pending = true;
      return;
    }
    this.stop.abort(); /* the search or the longer look, if one is under way: it is about the setting before */
    this.stop = new AbortController();
    const { signal } = this.stop;
    void this.guarded(signal, () => this.look(signal));
  }

  draw(): void {
    if (!this.about) return;
    replace(this.root,
      h("h2", { id: "answer-title" }, this.about.name),
      h("p", { class: "quiet" }, say("answer.night", {
        from: this.about.start.replace("T", " "), to: this.several_days ? this.about.end.replace("T", " ") : this.about.end.slice(11), chats: number(this.about.chats_expected),
        peak: number(this.about.peak_chats_per_hour), at: this.about.peak_at.slice(11),
      })),
      this.believed, this.sentence, this.doubt, this.progress,
      h("h3", { id: "sliders-title" }, say("sliders.title")),
      h("p", { class: "small quiet" }, say("sliders.hint")),
      h("div", { class: "moving" }, this.sliders, this.figures),
      this.picture,
      this.extra);
    this.sliders.setAttribute("aria-labelledby", "sliders-title");
    this.draw_sliders();
    this.draw_words();
    this.draw_picture();
  }

  private draw_sliders(): void {
    const first = setting_of(this.scenario);
    const factor = (value: number) => say("sliders.factor", { n: number(value, 2) });
    const all: (Slider | null)[] = [
      { key: "people", label: "sliders.people", least: 1, most: Math.min(this.most, Math.max(12, first.people * 3, this.setting.people * 2)), step: 1, shown: (n) => say("unit.people", { n: number(n) }) },
      first.multiplier === null ? null
        : { key: "multiplier", label: "sliders.multiplier", least: 1, most: Math.max(8, Math.ceil(first.multiplier * 2)), step: 0.1, shown: (n) => say("sliders.times", { n: number(n, 1) }) },
      this.scenario.buyers.patience ? { key: "patience", label: "sliders.patience", least: 0.4, most: 2, step: 0.05, shown: factor } : null,
      { key: "reply", label: "sliders.reply", least: 0.5, most: 2, step: 0.05, shown: factor },
      { key: "chats", label: "sliders.chats", least: 1, most: 60, step: 1, shown: (n) => number(n) },
    ];
    replace(this.sliders, all.filter((one): one is Slider => one !== null).map((one) => this.slider(one)), this.policy(),
      h("p", {}, h("button", { type: "button", class: "plain", onclick: () => this.reset() }, say("sliders.reset"))));
  }

  private slider({ key, label, least, most, step, shown }: Slider): HTMLElement {
    const id = `slider-${key}`, value = this.setting[key]!;
    const output = h("output", { for: id }, shown(value));
    const input = h("input", { id, type: "range", min: least, max: most, step, value, "aria-valuetext": shown(value), oninput: () => {
      this.setting[key] = Number(input.value);
      output.textContent = shown(Number(input.value));
      input.setAttribute("aria-valuetext", shown(Number(input.value)));
      this.moved();
    } });
    return h("div", { class: "slider" }, h("label", { for: id }, say(label)), output, input);
  }

  private policy(): HTMLElement {
    const named = (policy: string) => (POLICIES as readonly string[]).includes(policy) ? say(`sliders.policy.${policy}` as Word) : policy;
    const first = setting_of(this.scenario).policy;
    const choices = [...new Set([first, ...POLICIES])];
    const select = h("select", { id: "slider-policy", onchange: () => {
      this.setting.policy = select.value;
      this.moved();
    } }, choices.map((policy) => h("option", { value: policy, selected: policy === this.setting.policy }, named(policy))));
    return h("div", { class: "slider" }, h("label", { for: "slider-policy" }, say("sliders.policy")), select);
  }

  private choose(people: number): void {
    this.setting.people = people;
    this.draw_sliders();
    this.moved();
    this.sliders.querySelector<HTMLElement>("#slider-people")?.focus();
  }

  private reset(): void {
    this.setting = setting_of(this.scenario);
    this.draw_sliders();
    this.moved();
  }

  /* Everything that is said, from what is known by now. */
  private draw_words(): void {
    if (!this.about) return;
    const { fit } = this;
    this.believed.hidden = !this.scenario.ordinary_day;
    this.believed.className = fit && !fit.believed ? "believed fault" : "believed quiet";
    const day = this.scenario.ordinary_day;
    if (day) this.believed.textContent = !fit ? say("believe.running") : say(
      !fit.believed ? "believe.not" : fit.fitted_s === null ? "believe.matches" : "believe.fitted", {
        chats: number(day.inquiries), people: day.agents, replayed: seconds(fit.replayed_s), seen: seconds(fit.seen_s),
        fitted: seconds(fit.fitted_s), factor: number(fit.factor, 2) });
    if (this.trouble) {
      replace(this.sentence, say("failed", { why: this.trouble }));
      return;
    }
    this.draw_sentence();
    this.draw_figures();
  }

  /* Without an ordinary day that matches, the figures stand, but nobody is told to act on them. */
  private draw_sentence(): void {
    const { study, fewest } = this;
    if (this.fit && !this.fit.believed) {
      this.sentence.textContent = say("answer.unbelieved");
      this.doubt.textContent = "";
      return;
    }
    if (!study || (fewest === null && !this.none_found)) {
      this.sentence.textContent = say(this.stopped ? "answer.stopped" : "answer.running");
      this.doubt.textContent = "";
      return;
    }
    /* Until the search for a new setting is done, the number of the one before stands there, paler. */
    this.sentence.classList.toggle("stale", !this.searched);
    const now = setting_of(this.scenario).people;
    const trial = this.trials.find((one) => one.people === fewest && one.days === study.curve_days);
    const below = this.trials.find((one) => fewest !== null && one.people === fewest - 1);
    const key: Word = fewest === null ? "answer.none" : fewest > now ? "answer.more" : fewest === now ? "answer.same" : "answer.fewer";
    replace(this.sentence, say(key, { fewest: fewest ?? 0, now, more: Math.abs((fewest ?? 0) - now), most: this.most }));
    if (this.sure && trial) {
      const [low, high] = share_interval(trial.met, trial.days);
      this.doubt.textContent = [
        say("answer.days", { days: trial.days, met: trial.met, low: percent(low, 0), high: percent(high, 0), goal: percent(study.goal, 0) }),
        below ? say("answer.below", { below: below.people, days: below.days, met: below.met }) : "",
      ].join(" ");
    } else this.doubt.textContent = this.sure ? this.out_of_reach() : say(this.stopped ? "answer.first.only" : "answer.first", { days: study.quick_days });
    this.root.dataset.fewest = String(fewest);
    this.root.dataset.sure = String(this.sure);
  }

  /* What is missed on most days with the most people: no headcount gets there. */
  private out_of_reach(): string {
    const last = this.trials[this.trials.length - 1];
    if (!last) return "";
    const worst = last.summary.objectives.filter((one) => one.days_met !== null).sort((a, b) => a.days_met! - b.days_met!)[0]!;
    const values = { what: metric_words(worst.name), want: wanted(worst.want, worst.name), n: number(last.summary.totals.chats_offered.mean) };
    return say(decided_by_few(worst.name, worst.want, last.summary.totals.chats_offered.mean ?? 0) ? "answer.none.small" : "answer.none.why", values);
  }

  /* The chosen headcount: each figure with its interval. */
  private draw_figures(): void {
    const trial = this.chosen;
    if (!trial) {
      replace(this.figures, h("p", { class: "quiet" }, say(this.stopped ? "answer.stopped" : "answer.running")));
      return;
    }
    const { totals } = trial.summary, days = share_interval(trial.met, trial.days);
    const between = (ci: [number, number] | null | undefined, show: (value: number) => string) => ci ? say("figures.between", { low: show(ci[0]), high: show(ci[1]) }) : "";
    const met = (name: string) => trial.summary.objectives.find((one) => one.name.startsWith(name))?.met ?? undefined;
    const figure = (label: Word, value: string, doubt: string, good: boolean | undefined, name: string) => h("div", { class: "figure", "data-figure": name },
      h("dt", {}, good !== undefined && h("span", { class: `light ${good ? "green" : "red"}`, role: "img", "aria-label": say(good ? "figures.met" : "figures.missed") }), say(label)),
      h("dd", {}, h("strong", {}, value), h("span", { class: "small quiet" }, doubt)));
    const sales = totals.lost_sales_cny?.mean ?? null;
    replace(this.figures,
      h("p", { class: "figures-title" }, h("span", {}, say("figures.with", { people: trial.people, days: trial.days })),
        this.fewest !== null && this.fewest !== trial.people && h("button", { type: "button", onclick: () => this.choose(this.fewest!) }, say("figures.try", { people: this.fewest }))),
      h("dl", {},
        figure("figures.days", `${number(trial.met)} / ${number(trial.days)}`, between(days, (v) => percent(v, 0)), this.study!.passes(trial), "days"),
        figure("figures.left", percent(totals.abandonment.mean), between(totals.abandonment.ci95, (v) => percent(v)), met("abandonment"), "left"),
        figure("figures.rate", percent(totals.reply_rate_3min.mean), between(totals.reply_rate_3min.ci95, (v) => percent(v)), met("reply_rate_3min"), "rate"),
        figure("figures.first", seconds(totals.first_response_s.p90), between(totals.first_response_s.p90_ci95, seconds), met("first_response_s"), "first"),
        figure("figures.wages", money(cost(trial.summary)), "", undefined, "wages"),
        sales !== null && figure("figures.lost", money(sales), between(totals.lost_sales_cny.ci95, money), undefined, "lost")));
    this.figures.dataset.people = String(trial.people);
  }

  private draw_picture(): void {
    if (!this.study || this.trials.length < 2) {
      replace(this.picture);
      return;
    }
    replace(this.picture, chart(curve_picture(this.trials, this.study, this.fewest)));
  }
}

const cost = (summary: Summary): number | null => summary.totals.labour_cny?.mean ?? summary.totals.wages_cny?.mean ?? null;

/* A scenario that asks for nothing is asked what shops ask for; the sentence says so by its figures. */
function with_objectives(scenario: Scenario): Scenario {
  if (scenario.objectives && Object.keys(scenario.objectives).length) return scenario;
  return { ...scenario, objectives: { reply_rate_3min: ">= 0.80", "first_response_s.p90": "<= 60", abandonment: "<= 0.05" } };
}

/* Four rows over the same headcounts: days that pass, buyers who leave, the 3-minute rate, what it costs. */
function curve_picture(trials: Trial[], study: Study, fewest: number | null): Picture {
  const left = trials.map((trial) => trial.summary.totals.abandonment), rate = trials.map((trial) => trial.summary.totals.reply_rate_3min);
  const rows: { name: Word; values: (number | null)[]; low: (number | null)[]; high: (number | null)[]; share: boolean; goal?: number }[] = [
    { name: "curve.days", values: trials.map((t) => t.met / t.days), low: trials.map((t) => share_interval(t.met, t.days)[0]), high: trials.map((t) => share_interval(t.met, t.days)[1]), share: true, goal: study.goal },
    { name: "curve.left", values: left.map((f) => f.mean), low: left.map((f) => f.ci95?.[0] ?? null), high: left.map((f) => f.ci95?.[1] ?? null), share: true },
    { name: "curve.rate", values: rate.map((f) => f.mean), low: rate.map((f) => f.ci95?.[0] ?? null), high: rate.map((f) => f.ci95?.[1] ?? null), share: true },
    { name: "curve.cost", values: trials.map((t) => cost(t.summary)), low: [], high: [], share: false },
  ];
  const drawn = rows.filter((row) => row.values.some((value) => value !== null));
  const show = (row: (typeof rows)[number], value: number | null) => (row.share ? percent(value) : money(value));
  const ROW = 112, TOP = 34;
  const option = (c: Colours) => ({
    grid: drawn.map((_, i) => ({ left: 56, right: 20, top: TOP + i * ROW, height: ROW - 52 })),
    tooltip: { trigger: "axis", confine: true, backgroundColor: c.paper, borderColor: c.line, textStyle: { color: c.text, fontSize: 13 },
      formatter: (points: any[]) => [say("unit.people", { n: trials[points[0].dataIndex].people }),
        ...drawn.map((row) => `${say(row.name)} ${show(row, row.values[points[0].dataIndex])}`)].join("<br>") },
    axisPointer: { link: [{ xAxisIndex: "all" }] },
    xAxis: drawn.map((_, i) => axis(c, { type: "value", gridIndex: i, min: trials[0].people, max: trials[trials.length - 1].people, minInterval: 1, splitLine: { show: false },
      axisLabel: { show: i === drawn.length - 1, color: c.quiet } })),
    yAxis: drawn.map((row, i) => axis(c, { type: "value", gridIndex: i, name: say(row.name), nameGap: 14, nameTextStyle: { color: c.text, align: "left", padding: [0, 0, 0, -48] },
      splitNumber: 2, scale: row.name !== "curve.cost" && row.name !== "curve.left", min: row.name === "curve.days" ? 0 : undefined, max: row.name === "curve.days" ? 1 : undefined,
      axisLabel: { color: c.quiet, formatter: (value: number) => (row.share ? percent(value, Number.isInteger(Math.round(value * 1e6) / 1e4) ? 0 : 1) : money(value)) } })),
    series: drawn.flatMap((row, i) => [
      { type: "line", xAxisIndex: i, yAxisIndex: i, data: row.values.map((value, k) => [trials[k].people, value]), symbol: "circle", symbolSize: (_: number, point: any) => (trials[point.dataIndex].people === fewest ? 11 : 6),
        lineStyle: { color: c.accent, width: 2 }, itemStyle: { color: c.accent },
        markLine: row.goal === undefined ? undefined : { silent: true, symbol: "none", lineStyle: { color: c.quiet, type: "dashed" }, label: { show: false }, data: [{ yAxis: row.goal }] } },
      { type: "custom", xAxisIndex: i, yAxisIndex: i, silent: true, tooltip: { show: false },
        data: row.low.flatMap((low, k) => (low === null || row.high[k] === null ? [] : [[trials[k].people, low, row.high[k]]])),
        renderItem: (_: unknown, api: any) => {
          const a = api.coord([api.value(0), api.value(1)]), b = api.coord([api.value(0), api.value(2)]);
          return { type: "line", shape: { x1: a[0], y1: a[1], x2: b[0], y2: b[1] }, style: { stroke: c.accent, lineWidth: 5, opacity: 0.25 } };
        } },
    ]),
  });
  return {
    title: say("curve.title"), height: drawn.length * ROW + 16, option,
    figures: {
      head: [say("curve.people"), say("curve.days"), say("curve.left"), say("curve.rate"), say("curve.cost")],
      rows: trials.map((trial, k) => [String(trial.people), `${number(trial.met)} / ${number(trial.days)}`,
        ...rows.slice(1).map((row) => `${show(row, row.values[k])}${row.low[k] === null || row.low[k] === undefined ? "" : ` (${show(row, row.low[k])}–${show(row, row.high[k])})`}`)]),
    },
  };
}
