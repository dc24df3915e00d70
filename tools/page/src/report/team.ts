/* Who works when, by name: a table for a day or two, a picture of dates and people for more. */
import { axis, chart, type Option, type Picture, type Colours } from "../common/charts";
import { h } from "../common/dom";
import { number } from "../common/numbers";
import { say, type Word } from "../common/words";
import { type Person, type Team } from "./data";
import { clock_of, date_of, grid, joined } from "./parts";

const DAYS_IN_A_TABLE = 2;

const who = (person: Person): string => (person.hired ? say("team.hired", { name: person.name }) : person.name);
const span = ({ from, to }: { from: string; to: string }): string => `${clock_of(from)}–${clock_of(to)}`;

/* A cell's figure is the hour at which her shift begins. */
function option_of(people: Person[], dates: string[], c: Colours): Option {
  const cells = people.flatMap((person, row) => person.shifts.map((shift) => [dates.indexOf(shift.from.slice(0, 10)), row, Number(shift.from.slice(11, 13))]));
  return {
    tooltip: { show: false },
    grid: { left: 4, right: 12, top: 8, bottom: 4, containLabel: true },
    xAxis: axis(c, { type: "category", data: dates.map(date_of), splitLine: { show: false } }),
    yAxis: axis(c, { type: "category", data: people.map(who), inverse: true, splitLine: { show: false }, axisLabel: { color: c.text, width: 110, overflow: "truncate" } }),
    visualMap: { show: false, min: 0, max: 24, inRange: { color: [c.accent_soft, c.accent_soft] } },
    series: [{ type: "heatmap", data: cells, progressive: 0, itemStyle: { borderWidth: 1, borderColor: c.paper },
      label: { show: true, color: c.text, fontSize: 11, formatter: (at: { value: number[] }) => String(at.value[2]) } }],
  };
}

function picture(people: Person[], dates: string[]): Picture {
  const shifts_on = (person: Person, date: string) => person.shifts.filter((shift) => shift.from.startsWith(date)).map(span).join(" ");
  return {
    title: say("team.picture"), height: 44 + people.length * 22, option: (c) => option_of(people, dates, c),
    figures: { head: [say("team.name"), ...dates.map(date_of)], rows: people.map((person) => [who(person), ...dates.map((date) => shifts_on(person, date))]) },
  };
}

export function roster_by_name(team: Team | null | undefined): HTMLElement[] {
  const people = team?.people ?? [];
  if (!team || !people.length) return [];
  const dates = [...new Set(people.flatMap((person) => person.shifts.map((shift) => shift.from.slice(0, 10))))].sort();
  const lacks = Object.entries(team.any_of_these_would_do).map(([limit, by]) => say(`team.more.${limit}` as Word, { n: number(by) }));
  const table = () => [h("h3", {}, say("team.title")), grid(say("team.title"), [say("team.name"), ...dates.map(date_of)],
    people.map((person) => [who(person), ...dates.map((date) => person.shifts.filter((shift) => shift.from.startsWith(date)).map(span).join(" "))]), { narrow: true })];
  return [
    ...(dates.length > DAYS_IN_A_TABLE ? [chart(picture(people, dates))] : table()),
    ...(team.open_shifts > 0 ? [h("p", {}, joined([say("team.open", { n: team.open_shifts }), ...(lacks.length ? [say("team.would_do", { list: lacks.join(say("team.or")) })] : [])]))] : []),
    ...(team.wishes_broken > 0 ? [h("p", {}, say("team.wishes", { n: team.wishes_broken }))] : []),
  ];
}
