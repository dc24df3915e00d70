/* Five questions, and the scenario that their answers make: the shipped opening night with the shop's own figures in it. Pure. */
import opening from "scenarios/618-opening.json";
import type { Scenario } from "./scenario";

export interface Answers {
  chats: number; agents: number; response_s: number; open: string; close: string; /* an ordinary day, as the shop's panel shows it */
  multiplier: number;
  opens_at: string;            /* "2026-06-17T20:00" */
  conversion: number | null;   /* share in [0, 1]; null: no sales are reckoned */
  order_value: number | null;
  wage: number;                /* CNY an hour */
}

const HOUR_MS = 3600000;
/* Local shop time has no zone: as if it were UTC, there and back. */
const instant = (text: string): number => Date.parse(`${text}:00Z`);
const spelled = (ms: number): string => new Date(ms).toISOString().slice(0, 16);

/* The next of the year's great openings after `today`: 618, Double 11, Double 12, all at 20:00. */
export function next_opening(today: Date): string {
  const openings = ["06-17T20:00", "11-10T20:00", "12-11T20:00"];
  const now = spelled(Date.UTC(today.getFullYear(), today.getMonth(), today.getDate()));
  const year = today.getFullYear();
  return [...openings.map((at) => `${year}-${at}`), `${year + 1}-${openings[0]}`].find((at) => at > now)!;
}

export function answers_first(today: Date): Answers {
  return {
    chats: 480, agents: 6, response_s: 25, open: "09:00", close: "24:00", multiplier: 4, opens_at: next_opening(today),
    conversion: null, order_value: null, wage: 25,
  };
}

/* The night from two hours before the opening to six after it: what the page simulates, and what the program opens. */
export function scenario_of(answers: Answers, name: string): Scenario {
  const scenario: Scenario = JSON.parse(opening);
  const opens = instant(answers.opens_at);
  delete scenario.$schema;
  delete scenario.about;
  scenario.name = name;
  scenario.start = spelled(opens - 2 * HOUR_MS);
  scenario.traffic.chats_per_day = answers.chats;
  Object.assign(scenario.traffic.promotions[0], {
    name: "opening", opens_at: answers.opens_at, closes_at: spelled(opens + 28 * HOUR_MS), multiplier: answers.multiplier,
  });
  scenario.desk.seats = answers.agents;
  scenario.desk.agents[0].count = answers.agents;
  /* A newcomer is paid four fifths, as in the shipped scenario. */
  scenario.desk.grades[0].wage_cny_per_hour = answers.wage;
  scenario.desk.grades[1].wage_cny_per_hour = Math.round(answers.wage * 80) / 100;
  if (answers.conversion !== null && answers.order_value !== null)
    scenario.money = { conversion: { base: answers.conversion }, order_value_cny: answers.order_value };
  scenario.ordinary_day = { inquiries: answers.chats, agents: answers.agents, response_s: answers.response_s, hours: [answers.open, answers.close] };
  scenario.staffing.max_agents = Math.max(60, Math.ceil(answers.agents * answers.multiplier * 3));
  return scenario;
}
