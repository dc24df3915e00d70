/* The object that `fenliu report` puts into the page (tools/fenliu/page.h), as far as it is drawn. Figures that the program does not know
 * are null; a part that a run does not have is null too, and every reader says then what is missing. */
export type Maybe = number | null;
export type Range = [number, number] | null;

/* A figure with its 95 % interval; a distribution has its percentiles beside it. */
export interface Figure {
  mean: Maybe; ci95?: Range; n?: number; p50?: Maybe; p90?: Maybe; p95?: Maybe; p99?: Maybe; max?: Maybe;
  p50_ci95?: Range; p90_ci95?: Range; p95_ci95?: Range; p99_ci95?: Range;
}
export type Totals = Record<string, Figure>;
export interface Named { name: string; totals: Totals }
export interface Objective { name: string; want: string; per: string; got: Maybe; ci95: Range; where?: string; met: boolean | null; days_met: Maybe; days_met_ci95: Range }
export interface DateOf { from: string; weekday: number; days_met: number; on_duty: Maybe; totals: Totals }

export interface Summary {
  command: string; scenario: string; seed: number | string; replications: number; partial: boolean; policy: string; days_met: number;
  totals: Totals; groups: Named[]; intents: Named[]; dates?: DateOf[]; objectives: Objective[];
}
export interface Kind { grade: string | null; people: number; weight: number; max_chats: Maybe }
export interface World {
  name: string; start: string; duration_s: number; interval_s: number; warmup_s: number; intervals: number; agents: number; groups: string[];
  day_probability: number; openings: { name: string; at: string }[];
  platform: { name: string; days: number; rounds_min: number; reply_rate_min: Maybe; penalty_cny: Maybe; reply_within_s: number; from_s: number; to_s: number };
  settings: { policy: string; suspend: string; recent_agent: boolean; close_silence_s: Maybe; close_when_done_s: Maybe; auto_suspend_at: Maybe; grades: { name: string; weight: number }[]; kinds: Kind[] };
}
export interface Table { columns: string[]; rows: (number | string | null)[][] }
export interface Agents extends Table { all: number; bands: number[]; quantiles?: Maybe[][] }
export interface LoadOf { name: string; on_duty: Maybe[]; occupancy: Maybe[]; concurrency: Maybe[]; queue_depth: Maybe[]; waiting: Maybe[] }
export interface Load { steps: string[]; groups: LoadOf[]; depth: { span: number; agents: [string, number][]; rows: Maybe[][] } }

export interface Plan {
  plan: string; on_duty_at_once: number; payroll: number; cost_cny: Maybe; abandonment: Figure; "first_response_s.p90": Figure; reply_rate_3min: Figure;
  probability_met: Figure & { days: number; days_met: number };
}
/* Where people stop helping: headcounts and what they reach. */
export interface Knee {
  why: string; objective: string; headcounts: (Omit<Plan, "plan"> & { advised: boolean; objective_value: Maybe })[];
  beyond?: { replies_a_fifth_faster_do: boolean; too_small_to_judge: boolean; reachable_bound: Maybe };
}
export interface Outcome { holds: boolean; probability_met: { mean: Maybe; days: number; days_met: number }; abandonment: Figure }
export interface Doubt extends Outcome { what: string; factor: number; worse: boolean; on_duty_it_takes: Maybe }
export interface Shift { shift: string; from: string; to: string; group: string; grade: string | null; agents: number }
/* Who works when; not filled: what would have to give way, each by itself. */
export interface Person { name: string; hired: boolean; shifts: { from: string; to: string }[] }
export interface Team {
  payroll: number; own: number; hired: number; filled: boolean; open_shifts: number; wishes_broken: number; any_of_these_would_do: Record<string, number>; people: Person[];
}
/* Of `staff --levers`. */
export interface Desk { policy: string; max_chats: number; weights: string }
export interface Levers {
  settings: number; compared: (Desk & { excess: number; days: number })[]; given: Desk; best: Desk | null; set: string[]; better: boolean;
  check: null | { abandonment: { given: number; best: number } }; on_duty_at_once: null | { given: Maybe; best: Maybe };
}
export interface Staff {
  months?: undefined; team?: null | Team; levers?: null | Levers;
  headcount: { on_duty_at_once: number; payroll: number; more_than_today: number; new_hires: number; sub_accounts: number };
  proven: boolean; now_passes: boolean; roster: Shift[];
  intervals: { from: string; to: string; group: string; load: number; required: Maybe; scheduled: Maybe }[];
  probability_met: Figure & { days: number; days_met: number }; cost_cny: Maybe; curve: Plan[]; knee: null | Knee;
  rules_of_thumb: { rule: string; people: number; why_it_differs: string }[];
  sensitivity: { what: string; factor: number; possible: boolean; on_duty_at_once: Maybe }[];
  ordinary_day: { given: boolean; response_s: Maybe; replayed_response_s: Maybe; reply_time_factor: Maybe };
  risk: null | {
    days: number; as_planned: Outcome & { worst_interval?: null | { minutes: number; left: Figure; left_p90: Maybe; share_left: Maybe; mostly_at: string } }; tornado: Doubt[];
    multiplier?: null | Record<"p10" | "p50" | "p90", Outcome>; one_absent: (Outcome & { from: string; to: string }) | null;
    buffer: null | { people: number; for_one_absent: Maybe; for_multiplier_p90: Maybe; on_call: { from: string; to: string; people: number }[] };
  };
  money: null | Money;
}
export interface Money {
  profit_known: boolean; missing: string[]; wages_cny: Figure | null; labour_cny: Figure | null; penalties_cny: Figure | null; sales_cny: Figure | null;
  lost_sales_cny: Figure | null; profit_cny: Figure | null;
  headcounts: { payroll: number; on_duty_at_once: number; advised: boolean; profit_cny: Figure; best_is_better_by_cny: { mean: Maybe; ci95: Range } }[] | null;
  profit_best: { payroll: number; on_duty_at_once: number; decided: boolean; at_the_end: boolean } | null;
}
/* Of a scenario of several days: whom to take on by when, and how often each date passes. */
export interface StaffMonth {
  months: number; dates_held: number; wages_cny: Maybe;
  dates: { from: string; weekday: number; chats: number; shifts: number; people: number; at_once: number; added: number; open: number; days: number; days_met: number; holds: boolean }[];
  hiring?: {
    take_on: { kind: string; people: number; by: string; trained_by: string; expected_to_stay: number }[]; cost_cny: Maybe; expected_to_leave: number;
    shifts_nobody_can_be_had_for: number; leavers: { name: string; at: string; worth: number; newcomers_at_first: number; newcomers_after_two_weeks: number }[];
  };
  team?: null | Team;
}
export interface Latency { n: number; mean: number; p50: number; p90: number; p99: number; p999: number; max: number }
export interface Engine {
  name: string; mode: string; events: number; chats: number; decisions: number; never_assigned: number; violations: Record<string, number>;
  decision_latency_us: Latency; own_lateness_us?: Latency; speed?: number | string; unanswered?: number; damaged?: number; valid?: boolean;
  faults?: { do: string; at_ns: number; lasted_s: Maybe; lost_in: number; lost_out: number; doubled: number; displaced: number; delayed: number;
    first_word_s: Maybe; recovered_s: Maybe; lost_decisions: number; shard?: number }[];
  began_within_s?: number; /* of a day that was divided among machines */
  shards?: { shard: number; chats: number; decisions: number; violations: number; valid: boolean; decision_latency_us: Latency; own_lateness_us: Latency }[];
}
export interface Run {
  name: string; manifest: { version: string; compiler: string; command_line: string[]; command: string; seed: string; scenario_hash: string; replications: number; partial: boolean };
  summary: Summary; world: World; days: Table & { all: number; met_ci95: Range }; intervals: Table | null; load: Load | null; agents: Agents; staff: Staff | StaffMonth | null; engine: Engine | null;
}
export interface Difference {
  group: string | null; figure: string; a: Maybe; b: Maybe; difference: Maybe; ci95: Range; more_than_chance: boolean; better: "a" | "b" | null;
}
export interface Comparison { paired: boolean; days: number; differences: Difference[] }
export interface Report { fenliu: 1; version: string; language: "zh" | "en" | null; runs: Run[]; comparison: Comparison | null }

/* ---- Reading it --------------------------------------------------------------------------------- */

export function column(table: Table, name: string): (number | string | null)[] {
  const at = table.columns.indexOf(name);
  return table.rows.map((row) => row[at] ?? null);
}

export function numbers(table: Table, name: string): Maybe[] {
  return column(table, name).map((value) => (typeof value === "number" ? value : null));
}

/* The rows of one group of intervals; "*" is the desk. */
export function of_group(table: Table, group: string): Table {
  const names = column(table, "group").map(String);
  return { columns: table.columns, rows: table.rows.filter((_, i) => names[i] === group) };
}

export const is_month = (staff: Staff | StaffMonth | null): staff is StaffMonth => staff !== null && staff.months !== undefined;
export const staff_of = (run: Run): Staff | null => (run.staff === null || is_month(run.staff) ? null : run.staff);
export const month_of = (run: Run): StaffMonth | null => (is_month(run.staff) ? run.staff : null);
export const one_day = (run: Run): boolean => run.summary.replications === 1;
export const several_dates = (run: Run): boolean => (run.summary.dates?.length ?? 0) > 2;

/* "first_response_s.p90" of the totals, with its interval. */
export function figure(totals: Totals, name: string): { value: Maybe; range: Range } {
  const [metric, statistic] = name.split(".") as [string, keyof Figure | undefined];
  const found = totals[metric];
  if (!found) return { value: null, range: null };
  if (statistic === undefined || statistic === "mean") return { value: found.mean, range: found.ci95 ?? null };
  return { value: (found[statistic] as Maybe | undefined) ?? null, range: (found[`${statistic}_ci95` as keyof Figure] as Range | undefined) ?? null };
}
