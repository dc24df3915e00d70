// Holds rosters to another solver: random problems from rota_instances.c, formulated once more from what rota.h says they mean, solved to
// the end by HiGHS, and our rosters counted again from the shifts they chose.
//
// The formulation shares nothing with rota.c. Presence is added up from the stretches worked between breaks. Who answers several groups is
// not allotted by variables: by Hall's condition, groups can have what they need exactly when every set of them needs no more than all who
// answer any of the set can give. Seats are counted at the instants when somebody sits down.
//
// A roster passes when it keeps every rule, costs what it says, no less than the cheapest and at most the gap more, and when its bound
// is one. A problem without a roster must have none for HiGHS either, and the shortage reported must be the least one, within the gap.
// Where our solver ran out of nodes and says so, the gap is not promised; more than one such in ten fails.
//
// Exit 0: all hold; 1: some do not; 77: the npm package is not installed.
import { main, range, sum } from "./_oracle.mjs";

const ROUNDING = 1e-6; // of the solvers: what is missed by less is kept
const USAGE = `usage: rota_oracle.mjs [options]
Compares rosters with what HiGHS finds. FENLIU_BUILD names the build; npm's package is looked for there and in the folders above it.
      --count N    problems (default 40)
      --seed N     what they are drawn from (default 1)
      --first N    the first problem's number, to see one alone (default 0)
  -h, --help       this
exit: 0 all hold, 1 some do not, 2 wrong usage, 77 the npm package is not installed`;

// ---- What a problem means

/** ns that a shift works between two instants. */
function onDuty(shift, from, to) {
  const breaks = [...shift.breaks].sort((a, b) => a.at - b.at);
  const begins = [shift.from, ...breaks.map((rest) => shift.from + rest.at + rest.length)];
  const ends = [...breaks.map((rest) => shift.from + rest.at), shift.to];
  return sum(begins.map((begin, i) => Math.max(0, Math.min(ends[i], shift.to, to) - Math.max(begin, from))));
}

/** counts[interval][shift]: is somebody of this shift there in this interval? */
function presence(problem) {
  return range(problem.intervals_count).map((t) => {
    const from = t * problem.interval, to = Math.min(from + problem.interval, problem.duration);
    return problem.shifts.map((shift) => onDuty(shift, from, to) >= problem.whole_share * (to - from));
  });
}

/** Every set of groups but the empty one, as bits. */
const sets = (problem) => range(2 ** problem.groups_count - 1).map((i) => i + 1);
const groupsOf = (problem, set) => range(problem.groups_count).filter((group) => (set >> group) & 1);

/** The shifts of a crew. */
const members = (problem, crew) =>
  range(crew.count).map((i) => crew.first + i).filter((j) => problem.shifts[j].from >= (crew.from ?? -Infinity) && problem.shifts[j].from < (crew.to ?? Infinity));

/** The shifts logged in at each instant when somebody logs in; between two of these, people only leave. */
function seatings(problem) {
  const instants = [...new Set(problem.shifts.map((shift) => Math.max(0, shift.from)))].filter((at) => at < problem.duration);
  return instants.map((at) => range(problem.shifts.length).filter((j) => problem.shifts[j].from <= at && at < problem.shifts[j].to));
}

// ---- The same problem for HiGHS

class Program {
  constructor() {
    this.columns = [];
    this.rows = [];
  }
  column(cost, most, whole) {
    return this.columns.push({ cost, most, whole }) - 1;
  }
  row(low, high, terms) {
    this.rows.push({ low, high, terms: [...terms].filter(([, value]) => value !== 0) });
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

/**
 * The programme. Without `shortage` it minimises cost; with it, the sum of what cells and cuts lack, at any cost; with a limit's name in
 * `widened`, by how much that limit is exceeded, at any cost.
 * A cell that a cut speaks of, and every cell where something may lack, has a variable for the people it is given.
 */
function formulate(problem, shortage, widened) {
  const program = new Program(), there = presence(problem), { groups_count: groups } = problem, priced = !shortage && !widened;
  const beyond = (limit) => (limit === widened ? [[program.column(1, Infinity, true), -1]] : []);
  problem.shifts.forEach((shift) => program.column(priced ? shift.cost : 0, (widened === "shifts" ? null : shift.people_max) ?? Infinity, true)); // column j: people of shift j
  if (widened === "shifts") problem.shifts.forEach((shift, j) => shift.people_max !== null && program.row(-Infinity, shift.people_max, [[j, 1], ...beyond("shifts")]));

  const cutCells = new Set(problem.cuts.flatMap((cut) => cut.terms.map((term) => term.interval * groups + term.group)));
  const given = new Map(), lacking = new Map();
  problem.required.forEach((required, cell) => {
    if (!cutCells.has(cell) && !(shortage && required > 0)) return;
    given.set(cell, program.column(0, Infinity, false));
    if (shortage) lacking.set(cell, program.column(1, Infinity, false));
    program.row(required, Infinity, [[given.get(cell), 1], ...(shortage ? [[lacking.get(cell), 1]] : [])]);
  });

  for (const t of range(problem.intervals_count)) {
    for (const set of sets(problem)) {
      const able = range(problem.shifts.length).filter((j) => there[t][j] && problem.shifts[j].groups & set);
      const cells = groupsOf(problem, set).map((group) => t * groups + group);
      const takes = cells.filter((cell) => given.has(cell)).map((cell) => [given.get(cell), -1]);
      const wanted = sum(cells.filter((cell) => !given.has(cell)).map((cell) => problem.required[cell]));
      if (wanted === 0 && takes.length === 0) continue;
      program.row(wanted, Infinity, [...able.map((j) => [j, problem.shifts[j].speed]), ...takes]);
    }
  }

  for (const cut of problem.cuts) {
    const weights = new Map();
    for (const { interval, group, weight } of cut.terms) {
      const column = given.get(interval * groups + group);
      weights.set(column, (weights.get(column) ?? 0) + weight);
    }
    program.row(cut.at_least, Infinity, [...weights, ...(shortage ? [[program.column(1, Infinity, false), 1]] : [])]);
  }

  const everybody = range(problem.shifts.length).map((j) => [j, 1]);
  if (problem.people_max !== null) program.row(-Infinity, problem.people_max, [...everybody, ...beyond("people")]);
  for (const crew of problem.crews) program.row(-Infinity, crew.people_max, [...members(problem, crew).map((j) => [j, 1]), ...beyond("crews")]);
  const bought = priced && problem.seat_cost > 0 ? program.column(problem.seat_cost, Infinity, true) : undefined;
  const more = problem.seats !== null ? beyond("seats") : [];
  for (const seated of seatings(problem)) {
    if (problem.seats !== null) program.row(-Infinity, problem.seats, [...seated.map((j) => [j, 1]), ...more]);
    if (bought !== undefined) program.row(-Infinity, problem.seats_held, [...seated.map((j) => [j, 1]), [bought, -1]]);
  }
  return program;
}

/** { cost, bound, people }, or null where there is no solution. */
function solve(highs, program) {
  return highs.withModel(program.data(highs), (model) => {
    model.options.set({ output_flag: false, mip_rel_gap: 0, mip_abs_gap: 1e-7, random_seed: 1 });
    model.run();
    const { optimal, infeasible, unboundedOrInfeasible } = highs.constants.modelStatus, status = model.getModelStatus();
    if (status === infeasible || status === unboundedOrInfeasible) return null; // no cost is negative, so none is unbounded
    if (status !== optimal) throw new Error(`HiGHS ended with model status ${status}`);
    return { cost: model.getObjectiveValue(), people: Array.from(model.getSolution().colValue) };
  });
}

// ---- A roster counted again

/** What is wrong with these people on these shifts, whatever they cost; `wanted`: people each cell must be able to have. */
function broken(problem, people, wanted) {
  const faults = [], there = presence(problem);
  const require = (holds, what) => holds || faults.push(what);
  people.forEach((count, j) => {
    require(Number.isInteger(count) && count >= 0, `${count} people on shift ${j}`);
    require(count <= (problem.shifts[j].people_max ?? Infinity), `${count} people on shift ${j}, which may have ${problem.shifts[j].people_max}`);
  });
  require(sum(people) <= (problem.people_max ?? Infinity), `${sum(people)} people of ${problem.people_max}`);
  for (const seated of problem.seats === null ? [] : seatings(problem))
    require(sum(seated.map((j) => people[j])) <= problem.seats, `${sum(seated.map((j) => people[j]))} people on ${problem.seats} seats`);
  for (const crew of problem.crews) {
    const there = sum(members(problem, crew).map((j) => people[j]));
    require(there <= crew.people_max, `${there} people of a crew of ${crew.people_max}`);
  }
  for (const t of range(problem.intervals_count)) {
    for (const set of sets(problem)) {
      const give = sum(problem.shifts.map((shift, j) => (there[t][j] && shift.groups & set ? shift.speed * people[j] : 0)));
      const need = sum(groupsOf(problem, set).map((group) => wanted[t * problem.groups_count + group]));
      require(give >= need - ROUNDING, `interval ${t}, groups ${groupsOf(problem, set)}: ${need} people wanted, ${give} on duty`);
    }
  }
  return faults;
}

const cutLacks = (problem, given) =>
  problem.cuts.map((cut) => cut.at_least - sum(cut.terms.map((term) => term.weight * given[term.interval * problem.groups_count + term.group])));

/** What is wrong with the answer by itself. */
function faultsOf(problem) {
  const { answer } = problem, short = answer.status === "infeasible";
  // That everybody on duty can be where on_duty has them covers what it shows; required and cuts are then held against that.
  const faults = broken(problem, answer.people, answer.on_duty);
  const require = (holds, what) => holds || faults.push(what);
  const there = presence(problem);
  for (const t of range(problem.intervals_count)) {
    const shown = sum(range(problem.groups_count).map((group) => answer.on_duty[t * problem.groups_count + group]));
    const present = sum(problem.shifts.map((shift, j) => (there[t][j] ? shift.speed * answer.people[j] : 0)));
    require(Math.abs(shown - present) <= ROUNDING * (1 + present), `interval ${t}: ${shown} shown on duty, ${present} are`);
  }
  problem.required.forEach((required, cell) => {
    const have = answer.on_duty[cell] + answer.shortage[cell];
    require(answer.shortage[cell] >= 0 && have >= required - ROUNDING, `cell ${cell}: ${required} wanted, ${have} had or reported short`);
  });
  if (!short) {
    require(Math.max(...answer.shortage) === 0, "a shortage, though all is covered");
    cutLacks(problem, answer.on_duty).forEach((lack, i) => require(lack <= ROUNDING, `cut ${i} missed by ${lack}`));
  }
  const bought = problem.seat_cost > 0 ? Math.max(0, ...seatings(problem).map((seated) => sum(seated.map((j) => answer.people[j])) - problem.seats_held)) : 0;
  const cost = sum(problem.shifts.map((shift, j) => shift.cost * answer.people[j])) + problem.seat_cost * bought;
  require(Math.abs(cost - answer.cost) <= ROUNDING * (1 + cost), `says it costs ${answer.cost}, costs ${cost}`);
  return faults;
}

/** What is wrong with the places where an infeasible problem lacks most. */
function misplaced(problem) {
  const { answer } = problem, faults = [], worst = Math.max(...answer.shortage);
  const cell = answer.short_interval === null ? null : answer.short_interval * problem.groups_count + answer.short_group;
  const first = answer.shortage.findIndex((lack) => lack > 0 && lack === worst);
  if (cell !== (first < 0 ? null : first)) faults.push(`cell ${cell} named, most is missing at ${first}`);
  const lacks = cutLacks(problem, answer.on_duty), most = Math.max(0, ...lacks);
  if (answer.short_cut === null ? most > ROUNDING : lacks[answer.short_cut] < most - ROUNDING) faults.push(`cut ${answer.short_cut} named as missed most`);
  return faults;
}

/** What is wrong with what a problem without a roster is said to be short of. */
function misexplained(highs, problem) {
  const { explained } = problem.answer, faults = [];
  const is_set = { seats: problem.seats !== null, people: problem.people_max !== null, crews: problem.crews.length > 0, shifts: problem.shifts.some((shift) => shift.people_max !== null) };
  if (explained.status !== "done") return [`explained: ${explained.status}`];
  for (const limit of Object.keys(is_set)) {
    const best = is_set[limit] ? solve(highs, formulate(problem, false, limit)) : { cost: 0 };
    const least = best === null ? null : Math.round(best.cost);
    if (explained[limit] !== least) faults.push(`${limit}: ${explained[limit]} more would do, HiGHS says ${least}`);
  }
  return faults;
}

/** Compares with HiGHS. Returns { faults, best, ours, open }: the least cost, or the least shortage where nothing covers. */
function judge(highs, problem) {
  const { answer } = problem, best = solve(highs, formulate(problem, false)), most = 1 + problem.gap;
  if (answer.status !== "covered" && answer.status !== "infeasible") return { faults: [answer.status] };
  const faults = faultsOf(problem);
  const require = (holds, what) => holds || faults.push(what);
  require((answer.status === "covered") === (best !== null), `${answer.status}, HiGHS says ${best ? `it can be covered for ${best.cost}` : "infeasible"}`);
  if (faults.length) return { faults };
  const slack = (value) => ROUNDING * (1 + value), open = !answer.proven;
  if (best === null) {
    const least = solve(highs, formulate(problem, true)).cost, ours = sum(answer.shortage) + sum(cutLacks(problem, answer.on_duty).map((lack) => Math.max(0, lack)));
    require(ours >= least - slack(least), `lacks ${ours}, less than the least, ${least}`);
    require(open || ours <= most * least + slack(least), `lacks ${ours}, the least is ${least}`);
    return { faults: [...faults, ...misplaced(problem), ...misexplained(highs, problem)], best: least, ours, open };
  }
  // HiGHS's own roster has to pass the same count, or the formulation says something else than the rules.
  const people = best.people.slice(0, problem.shifts.length).map(Math.round);
  require(broken(problem, people, problem.required).length === 0, `HiGHS's roster: ${broken(problem, people, problem.required)[0]}`);
  require(answer.cost >= best.cost - slack(best.cost), `costs ${answer.cost}, less than the cheapest, ${best.cost}`);
  require(open || answer.cost <= most * best.cost + slack(best.cost), `costs ${answer.cost}, the cheapest is ${best.cost}`);
  require(answer.bound <= best.cost + slack(best.cost), `bound ${answer.bound}, but ${best.cost} is possible`);
  require(open || answer.cost <= most * answer.bound + slack(best.cost), `costs ${answer.cost}, bound ${answer.bound}: not within the gap it proves`);
  return { faults, best: best.cost, ours: answer.cost, open };
}

// ---- Running it

/** What the problem has, in a few words. */
function describe(problem) {
  const count = (n, word) => (n ? [`${n} ${word}`] : []);
  return [
    `${problem.groups_count} groups, ${problem.intervals_count} intervals, ${problem.shifts.length} shifts`,
    ...count(problem.shifts.filter((shift) => shift.groups & (shift.groups - 1)).length, "cross-trained"),
    ...count(sum(problem.shifts.map((shift) => shift.breaks.length)), "breaks"),
    ...count(problem.cuts.length, "cuts"),
    ...(problem.people_max === null ? [] : [`people <= ${problem.people_max}`]),
    ...(problem.seats === null ? [] : [`seats <= ${problem.seats}`]),
    ...(problem.seat_cost > 0 ? [`seats beyond ${problem.seats_held} cost`] : []),
    ...count(problem.crews.length, "crews"),
  ].join(", ");
}

await main({ name: "rota", solved: "covered", things: "rosters", usage: USAGE, judge, describe, isCheapest: (ours, best) => best <= 0 || ours / best - 1 < ROUNDING });
