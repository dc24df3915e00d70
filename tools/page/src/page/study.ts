/* How many people: headcounts simulated on the same days, until the fewest is found that meets the objectives on as many days as are wanted,
 * and then its neighbours for longer. Every figure is the program's; here it is only decided what to ask next. No document. */
import { simulate, type Summary } from "./program";
import { ordinary_day, set_to, text_of, type Scenario, type Setting } from "./scenario";

/* As `fenliu staff` does it (tools/fenliu/staff_search.c): 60 days, within 15 %, reply times between half and twice, ten halvings. */
const REPLAY_DAYS = 60, MATCH_WITHIN = 0.15, FIT_MOST = 2, FIT_STEPS = 10;
/* About so many chats a look: a few tenths of a second, half a second to one, and some seconds, in a browser. */
const GLANCE_CHATS = 8000, QUICK_CHATS = 24000, CURVE_CHATS = 120000;

export interface Fit { seen_s: number; replayed_s: number | null; fitted_s: number | null; factor: number; believed: boolean }

/* Replays the ordinary day; where it is off, the reply times are scaled until it matches. null: the scenario tells of none. */
export async function believe(scenario: Scenario, signal: AbortSignal): Promise<Fit | null> {
  if (!scenario.ordinary_day) return null;
  const seen_s: number = scenario.ordinary_day.response_s;
  const replay = async (factor: number) => {
    const summary = await simulate(text_of(ordinary_day(scenario, factor)), REPLAY_DAYS, signal);
    return summary.totals.response_s.mean ?? Infinity;
  };
  const replayed_s = await replay(1);
  if (Math.abs(replayed_s / seen_s - 1) <= MATCH_WITHIN) return { seen_s, replayed_s, fitted_s: null, factor: 1, believed: true };
  let low = 1 / FIT_MOST, high = FIT_MOST, middle = 1, fitted_s = replayed_s;
  for (let i = 0; i < FIT_STEPS; i++) {
    middle = Math.sqrt(low * high);
    fitted_s = await replay(1 / middle);
    if (fitted_s > seen_s) low = middle;
    else high = middle;
  }
  return { seen_s, replayed_s, fitted_s, factor: 1 / middle, believed: Math.abs(fitted_s / seen_s - 1) <= MATCH_WITHIN / 3 };
}

/* A share of days with its 95 % interval: Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case of the
 * binomial", Biometrika 26, 1934; what the program prints for days. By bisection on the binomial's tail. */
export function share_interval(met: number, days: number): [number, number] {
  const at_most = (k: number, p: number) => {
    if (p <= 0) return 1;
    if (p >= 1) return k >= days ? 1 : 0;
    let term = days * Math.log1p(-p), all = Math.exp(term);
    for (let i = 1; i <= k; i++) {
      term += Math.log((days - i + 1) / i) + Math.log(p / (1 - p));
      all += Math.exp(term);
    }
    return Math.min(1, all);
  };
  const where = (rises_above: (p: number) => boolean) => {
    let low = 0, high = 1;
    for (let i = 0; i < 50; i++) {
      const p = (low + high) / 2;
      if (rises_above(p)) high = p;
      else low = p;
    }
    return (low + high) / 2;
  };
  return [met === 0 ? 0 : where((p) => 1 - at_most(met - 1, p) > 0.025), met === days ? 1 : where((p) => at_most(met, p) < 0.025)];
}

export interface Trial { people: number; days: number; met: number; summary: Summary }

/* One scenario with one setting of everything but the headcount. Trials are kept: the same days give the same figures. */
export class Study {
  private readonly kept = new Map<string, { trial: Promise<Trial>; signal: AbortSignal; done: boolean }>();
  readonly goal: number;

  constructor(readonly scenario: Scenario, readonly setting: Setting, readonly fitted: number, readonly chats_expected: number) {
    this.goal = scenario.staffing?.day_probability ?? 0.9;
  }

  /* Headcounts that have been simulated, each as often as on another number of days. */
  get tried(): number {
    return [...this.kept.values()].filter((one) => one.done).length;
  }

  /* So many days that a look takes about as long whatever the size of the shop; at least ten, so that nine in ten is something. */
  days(chats: number): number {
    return Math.max(10, Math.min(100, Math.round(chats / Math.max(1, this.chats_expected) / 10) * 10));
  }

  /* What a slider shows while it is moved: few days, each with many buyers. */
  get glance_days(): number { return Math.max(2, Math.min(this.quick_days, Math.round(GLANCE_CHATS / Math.max(1, this.chats_expected)))); }
  get quick_days(): number { return this.days(QUICK_CHATS); }
  get curve_days(): number { return this.days(CURVE_CHATS); }

  trial(people: number, days: number, signal: AbortSignal): Promise<Trial> {
    const key = `${people}/${days}`, before = this.kept.get(key);
    /* What was cut short is no figure. */
    if (before && (before.done || !before.signal.aborted)) return before.trial;
    const scenario = set_to(this.scenario, { ...this.setting, people }, this.fitted);
    const found = { signal, done: false, trial: simulate(text_of(scenario), days, signal).then((summary) => {
      found.done = true;
      return { people, days, met: summary.days_met, summary };
    }) };
    this.kept.set(key, found);
    return found.trial;
  }

  passes(trial: Trial): boolean {
    return trial.met >= this.goal * trial.days;
  }

  /* The fewest that passes among those a search tries, from `guess` on, or null when not even `most` does. */
  async fewest(days: number, guess: number, most: number, signal: AbortSignal): Promise<number | null> {
    const ok = async (people: number) => this.passes(await this.trial(people, days, signal));
    let high = Math.max(1, Math.min(guess, most)), low = 0;
    if (await ok(high)) {
      for (let step = 1; high - step > 0; step *= 2) {
        if (!(await ok(high - step))) {
          low = high - step;
          break;
        }
        high -= step;
      }
    } else {
      for (let step = 1; ; step *= 2) {
        low = high;
        if (low >= most) return null;
        high = Math.min(most, high + step);
        if (await ok(high)) break;
      }
    }
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (await ok(middle)) high = middle;
      else low = middle;
    }
    return high;
  }

  /* The curve around `around`, on the longer look, two at a time; moves on while the fewest that passes is at its edge. Tells of every trial. */
  async curve(around: number, most: number, signal: AbortSignal, on_trial: (trials: Trial[]) => void): Promise<Trial[]> {
    const found = new Map<number, Trial>();
    const look = async (counts: number[]) => {
      await Promise.all(counts.filter((people) => people >= 1 && people <= most && !found.has(people)).map(async (people) => {
        found.set(people, await this.trial(people, this.curve_days, signal));
        on_trial(sorted());
      }));
    };
    const sorted = () => [...found.values()].sort((a, b) => a.people - b.people);
    const spread = Math.max(1, Math.round(around / 12));
    await look([around, around - 1, around + 1]);
    await look([around - 3 * spread, around - 2 * spread, around - spread, around + spread, around + 2 * spread, around + 3 * spread]);
    for (let fewest = this.fewest_of(sorted()); ; fewest = this.fewest_of(sorted())) {
      const next = fewest === null ? Math.max(...found.keys()) + 1 : fewest - 1;
      if (next < 1 || next > most || found.has(next)) return sorted();
      await look([next]);
    }
  }

  /* The fewest from which on all that were tried pass. */
  fewest_of(trials: Trial[]): number | null {
    let fewest: number | null = null;
    for (const trial of [...trials].sort((a, b) => b.people - a.people)) {
      if (!this.passes(trial)) break;
      fewest = trial.people;
    }
    return fewest;
  }
}
