/* The program's integer programmes (sim/staffing/solver.h), solved by YALPS where there is no CBC.
 *
 * No clock stops it, so the same programme has the same solution everywhere. */
import { solve, type Constraint } from "yalps";

/* What tools/page/core/solver_host.c knows by these numbers. */
const FOUND = 0, PROVEN = 1, INFEASIBLE = 2, NONE_YET = 3, UNBOUNDED = 4;
const PIVOTS_MAX = 1 << 13; // of one linear programme: those of a desk take some hundreds, what takes more goes round in circles

/* minimise cost x, low <= A x <= high, 0 <= x <= most; whole numbers where `whole` says so. Columns one after the other. */
export interface Programme {
  cost: Float64Array;
  most: Float64Array;
  whole: Uint8Array;
  start: Uint32Array; // column j has the entries start[j] to start[j + 1] - 1
  row: Uint32Array;
  value: Float64Array;
  low: Float64Array;
  high: Float64Array;
}

export interface Answer {
  how: number;
  x: Float64Array;
  cost: number;
  bound: number; // no solution costs less
}

/* A power of two for each row, which brings its largest coefficient between a half and one: beside rows of seconds those of people are lost,
 * and the search then goes round in circles. */
function scales({ low, row, value }: Programme): Float64Array {
  const largest = new Float64Array(low.length);
  row.forEach((i, k) => (largest[i] = Math.max(largest[i], Math.abs(value[k]))));
  return largest.map((most) => {
    let scale = 1;
    while (most > 0 && most * scale > 1) scale /= 2;
    while (most > 0 && most * scale <= 0.5) scale *= 2;
    return scale;
  });
}

/* gap: how much dearer than the cheapest is good enough; nodes: of the search at most. */
export function solveProgramme(programme: Programme, gap: number, nodes: number): Answer {
  const { cost, most, whole, start, row, value, low, high } = programme;
  const none = (how: number): Answer => ({ how, x: new Float64Array(0), cost: NaN, bound: -Infinity });
  const rows = low.length, columns = cost.length, scale = scales(programme);
  const bound = (limit: number, by: number) => (Math.abs(limit) < Infinity ? limit * by : undefined);
  const constraints: [number, Constraint][] = [];
  for (let i = 0; i < rows; i++) {
    if (low[i] > -Infinity || high[i] < Infinity) constraints.push([i, { min: bound(low[i], scale[i]), max: bound(high[i], scale[i]) }]);
  }
  const variables: [number, [number, number][]][] = [];
  for (let j = 0; j < columns; j++) {
    const entries: [number, number][] = [[-1, cost[j]]];
    for (let k = start[j]; k < start[j + 1]; k++) entries.push([row[k], value[k] * scale[row[k]]]);
    if (most[j] < Infinity) {
      constraints.push([rows + j, { max: most[j] }]);
      entries.push([rows + j, 1]);
    }
    variables.push([j, entries]);
  }
  const model = { direction: "minimize" as const, objective: -1, constraints, variables, integers: [...cost.keys()].filter((j) => whole[j] !== 0) };
  const solution = solve(model, { tolerance: gap, maxIterations: nodes, maxPivots: PIVOTS_MAX });
  if (solution.status === "infeasible") return none(INFEASIBLE);
  if (solution.status === "unbounded") return none(UNBOUNDED);
  if (Number.isNaN(solution.result)) return none(NONE_YET);
  const x = new Float64Array(columns);
  for (const [j, amount] of solution.variables) x[j] = whole[j] !== 0 ? Math.round(amount) : Math.max(0, amount);
  const total = cost.reduce((all, each, j) => all + each * x[j], 0);
  if (solution.status === "optimal") return { how: PROVEN, x, cost: total, bound: total / (1 + gap) };
  return { how: FOUND, x, cost: total, bound: solve({ ...model, integers: false }, { maxPivots: PIVOTS_MAX }).result };
}

/* The import `fenliu.minimise` of the program, whose arguments are those of fl_host_minimise. */
export function minimise(memory: WebAssembly.Memory, call: number[]): number {
  const [columns, rows, cost, most, whole, start, row, value, low, high, gap, nodes, x, answer] = call;
  const doubles = (at: number, count: number) => new Float64Array(memory.buffer, at, count);
  const starts = new Uint32Array(memory.buffer, start, columns + 1), entries = starts[columns];
  const found = solveProgramme(
    {
      cost: doubles(cost, columns), most: doubles(most, columns), whole: new Uint8Array(memory.buffer, whole, columns), start: starts,
      row: new Uint32Array(memory.buffer, row, entries), value: doubles(value, entries), low: doubles(low, rows), high: doubles(high, rows),
    },
    gap, nodes >>> 0,
  );
  doubles(x, found.x.length).set(found.x);
  doubles(answer, 2).set([found.cost, found.bound]);
  return found.how;
}
