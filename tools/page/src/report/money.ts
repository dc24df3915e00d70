/* Money: a day's wages against what waiting loses, and where most is left. */
import { axis, chart } from "../common/charts";
import { h } from "../common/dom";
import { money as yuan, number } from "../common/numbers";
import { named, say, type Word } from "../common/words";
import { figure, several_dates, staff_of, type Money, type Run } from "./data";
import { grid, list_of, note, range_shown, shown } from "./parts";

const ROWS: [string, Word][] = [
  ["wages_cny", "money.wages"], ["labour_cny", "money.labour"], ["penalties_cny", "money.penalties"], ["sales_cny", "money.sales"], ["lost_sales_cny", "money.lost"], ["profit_cny", "money.profit"],
];

const key_words = (keys: string[]): string => list_of(keys.map((key) => named(`key.${key.replace("money.", "")}`) ?? key));

/* What a scenario would have to give for sales to be reckoned, as far as the run shows. */
function missing_keys(run: Run): string[] {
  const known = staff_of(run)?.money?.missing;
  if (known) return known;
  const has = (name: string) => figure(run.summary.totals, name).value !== null;
  return [...(has("wages_cny") ? [] : ["money.wage_cny_per_hour"]), ...(has("conversion") ? [] : ["money.conversion"]), ...(has("sales_cny") ? [] : ["money.order_value_cny"])];
}

function best_words(money: Money): HTMLElement[] {
  const best = money.profit_best, advised = money.headcounts?.find((one) => one.advised);
  if (!best) return [];
  const more = advised?.best_is_better_by_cny, values = { n: best.payroll, doubt: best.decided ? "" : say("money.best.undecided") };
  if (!advised || advised.payroll === best.payroll || !more?.ci95) return [h("p", {}, say("money.best", values))];
  return [h("p", {}, say("money.best.other", { ...values, advised: advised.payroll, cost: yuan(more.mean), low: yuan(more.ci95[0]), high: yuan(more.ci95[1]) }))];
}

function curve(money: Money): HTMLElement[] {
  const list = money.headcounts;
  if (!list || list.length < 2) return [];
  const figures = { head: [say("money.curve.people"), say("money.profit"), say("service.interval")],
    rows: list.map((one) => [number(one.payroll), yuan(one.profit_cny.mean), range_shown(one.profit_cny.ci95, "money")]) };
  return [
    ...best_words(money),
    chart({
      title: say("money.curve"), height: 220, figures,
      option: (c) => ({
        grid: { left: 4, right: 16, top: 16, bottom: 4, containLabel: true },
        xAxis: axis(c, { type: "category", data: list.map((one) => say("report.people", { n: one.payroll })) }),
        yAxis: axis(c, { type: "value", scale: true, splitNumber: 4 }),
        series: [{ type: "line", data: list.map((one) => ({ value: one.profit_cny.mean, symbolSize: one.advised ? 12 : 6 })), symbol: "circle", lineStyle: { color: c.accent }, itemStyle: { color: c.accent } }],
      }),
    }),
  ];
}

export function money(run: Run): (HTMLElement | null)[] {
  const rows = ROWS.flatMap(([name, word]) => {
    const { value, range } = figure(run.summary.totals, name);
    return value === null || (name === "penalties_cny" && value === 0) ? [] : [[say(word), shown(value, "money"), range_shown(range, "money") || say("none")]];
  });
  const gone = figure(run.summary.totals, "chats_abandoned").value, missing = missing_keys(run), period = several_dates(run), plan = staff_of(run)?.money;
  if (!rows.length) return [gone !== null ? h("p", {}, say(period ? "money.lost_buyers.period" : "money.lost_buyers", { n: number(gone) })) : null, note(say("missing.money", { keys: key_words(missing) }))];
  return [
    gone !== null ? h("p", {}, say(period ? "money.lost_buyers.period" : "money.lost_buyers", { n: number(gone) })) : null,
    grid(say("section.money"), [say("money.item"), say(period ? "money.period" : "money.a_day"), say("service.interval")], rows),
    ...(plan ? curve(plan) : []),
    missing.length ? note(say("missing.sales", { keys: key_words(missing) })) : null,
  ];
}
