// Holds teams to another solver: random problems from team_instances.c, formulated once more from what team.h says they mean, solved to
// the end by HiGHS, and our teams counted again from who works when.
//
// The formulation shares nothing with team.c: every person is on her own, with a variable for each shift, two shifts in conflict are a row,
// and whoever is hired has a variable of her own.
//
// A team passes when it keeps every rule, costs what it says, no less than the cheapest and at most the gap more, and when its bound is
// one. A problem without a team must have none for HiGHS either, and leave open as few places; what would have to give way is tried on
// HiGHS: no less than we say may do. Where ours says that it is not proven, the gap is not promised; more than one such in ten fails.
//
// Exit 0: all hold; 1: some do not; 77: the npm package is not installed.
import { main, range, sum } from "./_oracle.mjs";

const ROUNDING = 1e-6, HEADS = 0.05; // of the solvers; of the tie-break by heads
const HOUR = 3600e9;
const USAGE = `usage: team_oracle.mjs [options]
Compares teams with what HiGHS finds. FENLIU_BUILD names the build; npm's package is looked for there and in the folders above it.
      --count N    problems (default 40)
      --seed N     what they are drawn from (default 1)
      --first N    the first problem's number, to see one alone (default 0)
  -h, --help       this
exit: 0 all hold, 1 some do not, 2 wrong usage, 77 the npm package is not installed`;

// ---- What a problem means

const conflict = (member, a, b) => a.day === b.day || (a.from < b.to + member.rest && b.from < a.to + member.rest);
const weeks = (problem) => range(Math.ceil(problem.days / 7));
const week = (duty) => Math.floor(duty.day / 7);
const able = (problem, member, d) => member.cost[d] !== null && problem.duties[d].worked <= (member.hours_day ?? Infinity);

// ---- The same problem for HiGHS

class Program {
  columns = [];
  rows = [];
  column(cost, most, whole = true) {
    return this.columns.push({ cost, most, whole }) - 1;
  }
  row(low, high, terms) {
    this.rows.push({ low, high, terms });
  }
  data(highs) {
    const { integer, continuous } = highs.constants.variableType;
    const unbounded = (value) => (Math.abs(value) === Infinity ? Math.sign(value) * highs.infinity : value);
    const starts = [0], indices = [], values = [];
    for (const { terms } of this.rows) {
      for (const [column, value] of terms) indices.push(column), values.push(value);
      starts.push(indices.length);
    }
    return {
      numCols: this.columns.length,
      numRows: this.rows.length,
      colCost: this.columns.map(({ cost }) => cost),
      colLower: this.columns.map(() => 0),
      colUpper: this.columns.map(({ most }) => unbounded(most)),
      rowLower: this.rows.map(({ low }) => unbounded(low)),
      rowUpper: this.rows.map(({ high }) => unbounded(high)),
      integrality: this.columns.map(({ whole }) => (whole ? integer : continuous)),
      matrix: { format: "csr", numRows: this.rows.length, numCols: this.columns.length, starts, indices, values },
    };
  }
}

/** `goal`: "cost", "open" (places nobody takes) or "away" (shifts of people who are away). */
function formulate(problem, goal) {
  const program = new Program(), takes = problem.duties.map(() => []);
  for (const member of problem.members) {
    for (const _ of range(member.count)) {
      const had = member.hired ? program.column(goal === "cost" ? member.hire_cost : 0, 1) : undefined;
      const works = problem.duties.map((duty, d) => {
        if (!able(problem, member, d) || (member.away[d] && goal !== "away")) return undefined;
        const x = program.column(goal === "cost" ? member.cost[d] + member.wish[d] : goal === "away" ? member.away[d] : 0, 1);
        takes[d].push([x, 1]);
        if (had !== undefined) program.row(-Infinity, 0, [[x, 1], [had, -1]]);
        return x;
      });
      const mine = range(works.length).filter((d) => works[d] !== undefined);
      for (const a of mine) for (const b of mine) if (a < b && conflict(member, problem.duties[a], problem.duties[b])) program.row(-Infinity, 1, [[works[a], 1], [works[b], 1]]);
      for (const w of weeks(problem)) {
        const those = mine.filter((d) => week(problem.duties[d]) === w);
        if (member.hours_week !== null) program.row(-Infinity, member.hours_week / HOUR, those.map((d) => [works[d], problem.duties[d].worked / HOUR]));
        program.row(-Infinity, member.days_week, those.map((d) => [works[d], 1]));
      }
    }
  }
  problem.duties.forEach((duty, d) => program.row(duty.people, duty.people, [...takes[d], ...(goal === "open" ? [[program.column(1, Infinity), 1]] : [])]));
  return program;
}

/** The least, or null where there is no solution. */
function solve(highs, program) {
  if (program.columns.length === 0) return null;
  return highs.withModel(program.data(highs), (model) => {
    model.options.set({ output_flag: false, mip_rel_gap: 0, mip_abs_gap: 1e-7, random_seed: 1, time_limit: 60 });
    model.run();
    const { optimal, infeasible, unboundedOrInfeasible } = highs.constants.modelStatus, status = model.getModelStatus();
    if (status === infeasible || status === unboundedOrInfeasible) return null;
    if (status !== optimal) return undefined; // too hard for it
    return model.getObjectiveValue();
  });
}

// ---- A team counted again

function faultsOf(problem) {
  const { answer } = problem, faults = [], people = new Map();
  const require = (holds, what) => holds || faults.push(what);
  let place = 0, open = 0, cost = 0, wishes = 0;
  problem.duties.forEach((duty, d) => {
    for (const _ of range(duty.people)) {
      const [at, m, person] = answer.places[place++];
      require(at === d, `place ${place - 1} is of duty ${at}, not ${d}`);
      if (m < 0) { open++; continue; }
      const member = problem.members[m], key = `${m}/${person}`;
      require(person >= 0 && person < member.count, `person ${key} of ${member.count}`);
      require(able(problem, member, d) && !member.away[d], `${key} cannot work duty ${d}`);
      cost += member.cost[d] ?? 0;
      wishes += member.wish[d];
      people.set(key, [...(people.get(key) ?? []), d]);
    }
  });
  const heads = problem.members.map((_, m) => [...people.keys()].filter((key) => key.startsWith(`${m}/`)).length);
  cost += sum(problem.members.map((member, m) => (member.hired ? member.hire_cost * heads[m] : 0)));
  for (const [key, duties] of people) {
    const member = problem.members[key.split("/")[0]];
    for (const a of duties) for (const b of duties) if (a < b) require(!conflict(member, problem.duties[a], problem.duties[b]), `${key} works ${a} and ${b}`);
    for (const w of weeks(problem)) {
      const those = duties.filter((d) => week(problem.duties[d]) === w);
      require(those.length <= member.days_week, `${key} works ${those.length} days of week ${w}`);
      require(sum(those.map((d) => problem.duties[d].worked)) <= (member.hours_week ?? Infinity), `${key} works too many hours of week ${w}`);
    }
  }
  require(open === answer.open, `says ${answer.open} open, ${open} are`);
  require(JSON.stringify(heads) === JSON.stringify(answer.heads), `says ${answer.heads} people, ${heads} work`);
  require(Math.abs(cost - answer.cost) <= ROUNDING * (1 + cost) && Math.abs(wishes - answer.wishes) <= ROUNDING, `says it costs ${answer.cost} and ${answer.wishes}, costs ${cost} and ${wishes}`);
  require(answer.kept === (faults.length === 0), `fl_team_keeps_limits says ${answer.kept}`);
  return faults;
}

/** Limits that give way: HiGHS has no team with less than we say it takes. */
function misexplained(highs, problem) {
  const { explained } = problem.answer, faults = [];
  if (explained.status !== "done") return [`explained: ${explained.status}`];
  const away = problem.members.some((member) => member.away.includes(1)) ? solve(highs, formulate(problem, "away")) : null;
  if (away != null && (explained.away === null || explained.away > away + ROUNDING)) faults.push(`away: ${explained.away}, HiGHS does with ${away}`);
  const change = {
    rest: (member, by) => ({ ...member, rest: Math.max(0, member.rest - by) }),
    hours_day: (member, by) => ({ ...member, hours_day: member.hours_day === null ? null : member.hours_day + by }),
    hours_week: (member, by) => ({ ...member, hours_week: member.hours_week === null ? null : member.hours_week + by }),
    days_week: (member, by) => ({ ...member, days_week: Math.min(7, member.days_week + by) }),
  };
  const steps = { rest: HOUR / 2, hours_day: HOUR / 2, hours_week: HOUR, days_week: 1 };
  for (const [limit, loosened] of Object.entries(change)) {
    const less = explained[limit] === null ? 1000 * steps[limit] : explained[limit] - steps[limit];
    if (less < 0) continue;
    const found = solve(highs, formulate({ ...problem, members: problem.members.map((member) => loosened(member, less)) }, "cost"));
    if (found != null) faults.push(`${limit}: ${explained[limit] === null ? "no" : explained[limit] / steps[limit]} steps, HiGHS does with ${less / steps[limit]}`);
  }
  return faults;
}

/** Compares with HiGHS. Returns { faults, best, ours, open }. */
function judge(highs, problem) {
  const { answer } = problem;
  if (answer.status !== "filled" && answer.status !== "infeasible") return { faults: [answer.status] };
  const faults = faultsOf(problem), best = solve(highs, formulate(problem, "cost"));
  const require = (holds, what) => holds || faults.push(what);
  if (best === undefined) return { faults, open: true };
  require((answer.status === "filled") === (best !== null), `${answer.status}, HiGHS says ${best === null ? "infeasible" : `it can be done for ${best}`}`);
  if (faults.length) return { faults };
  if (best === null) {
    const least = solve(highs, formulate(problem, "open"));
    if (least !== undefined) require(answer.open === Math.round(least), `${answer.open} places open, HiGHS leaves ${least}`);
    return { faults: [...faults, ...misexplained(highs, problem)], best: least, ours: answer.open, open: least === undefined };
  }
  const ours = answer.cost + answer.wishes, slack = ROUNDING * (1 + best) + HEADS;
  require(ours >= best - slack, `costs ${ours}, less than the cheapest, ${best}`);
  require(!answer.proven || ours <= (1 + problem.gap) * best + slack, `costs ${ours}, the cheapest is ${best}`);
  require(answer.bound <= best + slack, `bound ${answer.bound}, but ${best} is possible`);
  return { faults, best, ours, open: !answer.proven && ours > (1 + problem.gap) * best + slack };
}

// ---- Running it

function describe(problem) {
  const crowds = problem.members.filter((member) => member.count > 1).length, hired = problem.members.filter((member) => member.hired).length;
  return `${problem.days} days, ${problem.duties.length} duties, ${sum(problem.duties.map((duty) => duty.people))} places, ${problem.members.length} members` +
    `${crowds ? `, ${crowds} of several` : ""}${hired ? `, ${hired} to hire` : ""}`;
}

await main({ name: "team", solved: "filled", things: "teams", usage: USAGE, judge, describe, isCheapest: (ours, best) => ours - best < HEADS + ROUNDING * best });
