/* Scenarios as the page handles them: the parsed JSON, and the few changes that sliders make to it. Whatever a slider changes is changed as the
 * program itself does when it asks "what if": reply times by the speed of the people, patience by its durations. Pure. */

export type Scenario = any; /* the file's own JSON; scenarios/README.md has every key, the program checks it */

/* What the sliders say, relative to the scenario as it stands. */
export interface Setting {
  people: number;             /* in all; null counts of definitions keep their proportions */
  multiplier: number | null;  /* of the promotion; null where there is none */
  patience: number;           /* factor on every patience */
  reply: number;              /* factor on reply times */
  chats: number;              /* most chats at once */
  policy: string;
}

const sum = (numbers: number[]): number => numbers.reduce((all, one) => all + one, 0);
const count_of = (agent: any): number => agent.count ?? 1;

export function people(scenario: Scenario): number {
  return sum(scenario.desk.agents.map(count_of));
}

export function setting_of(scenario: Scenario): Setting {
  const chats = Math.max(...scenario.desk.agents.map((agent: any) => agent.max_chats ?? 60));
  return {
    people: people(scenario),
    multiplier: scenario.traffic?.promotions?.[0]?.multiplier ?? null,
    patience: 1, reply: 1,
    chats: Math.min(chats, 60),
    policy: scenario.routing?.policy ?? "least_active",
  };
}

/* `all` people over definitions in their present proportions: whole numbers, the largest remainders first, of equals the earlier. */
export function shared(all: number, counts: number[]): number[] {
  const now = sum(counts);
  if (now === 0) return counts.map((_, i) => (i === 0 ? all : 0));
  const exact = counts.map((count) => (count / now) * all);
  const whole = exact.map(Math.floor);
  const order = exact.map((value, i) => ({ i, rest: value - whole[i] })).sort((a, b) => b.rest - a.rest || a.i - b.i);
  for (let k = 0, left = all - sum(whole); left > 0; k++, left--) whole[order[k].i]++;
  return whole;
}

/* Every duration in a distribution, whatever its kind, times a factor: durations are the texts in it, shapes and shares its numbers. */
export function stretched(distribution: any, factor: number): any {
  if (typeof distribution === "string") {
    const found = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(distribution);
    return found ? `${Number((Number(found[1]) * factor).toPrecision(9))}${found[2]}` : distribution;
  }
  if (Array.isArray(distribution)) return distribution.map((part) => stretched(part, factor));
  if (distribution && typeof distribution === "object")
    return Object.fromEntries(Object.entries(distribution).map(([key, value]) => [key, stretched(value, factor)]));
  return distribution;
}

/* The scenario with the sliders' values in it; `fitted` is what the ordinary day has shown of reply times. */
export function set_to(scenario: Scenario, setting: Setting, fitted = 1): Scenario {
  const to: Scenario = structuredClone(scenario);
  const counts = shared(setting.people, to.desk.agents.map(count_of));
  to.desk.agents.forEach((agent: any, i: number) => {
    agent.count = counts[i];
    if (setting.chats !== setting_of(scenario).chats) agent.max_chats = setting.chats;
    const slower = setting.reply * fitted;
    if (slower !== 1) agent.speed = Number(((agent.speed ?? 1) / slower).toPrecision(12));
  });
  if (setting.multiplier !== null && to.traffic.promotions?.[0]) to.traffic.promotions[0].multiplier = setting.multiplier;
  if (setting.patience !== 1 && to.buyers.patience) {
    for (const key of ["first", "later"])
      if (to.buyers.patience[key]) to.buyers.patience[key] = stretched(to.buyers.patience[key], setting.patience);
  }
  if (setting.policy !== (to.routing?.policy ?? "least_active")) to.routing = { ...to.routing, policy: setting.policy };
  return to;
}

/* The owner's ordinary day, as `fenliu staff` replays it: its chats over the day's profile, its people through its hours, nothing else. */
export function ordinary_day(scenario: Scenario, factor: number): Scenario | null {
  const given = scenario.ordinary_day;
  if (!given) return null;
  const day: Scenario = structuredClone(scenario);
  const hours = given.hours ?? scenario.desk.open ?? null;
  day.start = `${scenario.start.slice(0, 10)}T00:00`;
  day.duration = "24h";
  day.interval = "1h";
  for (const key of ["warmup", "events", "thresholds", "staffing", "faults"]) delete day[key];
  day.objectives = {};
  day.traffic.chats_per_day = given.inquiries;
  for (const key of ["promotions", "pushes", "rate_per_hour", "scale"]) delete day.traffic[key];
  delete day.desk.meetings;
  const { shift: _shift, rota: _rota, groups: _groups, from: _from, until: _until, ...agent } = day.desk.agents[0];
  day.desk.agents = [{ ...agent, count: given.agents, speed: Number(((agent.speed ?? 1) / factor).toPrecision(12)) }];
  if (hours) {
    day.desk.shifts = [{ name: "ordinary", from: hours[0], to: hours[1] }];
    day.desk.agents[0].shift = "ordinary";
    day.desk.open = hours;
  } else delete day.desk.shifts;
  return day;
}

/* Whether an instant, seconds from the start, lies in opening hours and after the warm-up: then what is asked counts. */
export function counts_at(scenario: Scenario): (at_s: number) => boolean {
  const of_day = (text: string) => Number(text.slice(0, 2)) * 3600 + Number(text.slice(3, 5)) * 60;
  const start = of_day(scenario.start.slice(11));
  const open: [string, string] | null = scenario.desk?.open ?? null;
  if (!open) return () => true;
  const [from, to] = open.map(of_day);
  return (at_s) => {
    const at = (start + at_s) % 86400;
    return from < to ? at >= from && at < to : at >= from || at < to;
  };
}

/* The file of a scenario: indented, ended by a line feed. */
export function text_of(scenario: Scenario): string {
  return `${JSON.stringify(scenario, null, 2)}\n`;
}
