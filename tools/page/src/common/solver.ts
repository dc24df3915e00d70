/* The program's integer programmes (sim/staffing/solver.h), solved by HiGHS where there is no CBC (highs.dev; npm's highs is that as
 * WebAssembly).
 *
 * No clock stops it and it has one thread, so the same programme has the same solution everywhere. */
import highsLoader, { type Highs } from "highs";

/* What tools/page/core/solver_host.c knows by these numbers. */
const FOUND = 0, PROVEN = 1, INFEASIBLE = 2, NONE_YET = 3, UNBOUNDED = 4;
const FEASIBLE = 2; // of a point, in HiGHS's "primal_solution_status"

let highs: Highs | null = null;

/* A new solver for what follows, which knows nothing of what came before. Without memory for one every programme ends as "not found".
 * The loader takes bytes, and to compile them takes longer than most answers; the hook that Emscripten's loaders have takes what is compiled. */
export async function solver_start(program: WebAssembly.Module): Promise<void> {
  const instantiateWasm = (imports: WebAssembly.Imports, done: (instance: WebAssembly.Instance) => void) => done(new WebAssembly.Instance(program, imports));
  highs = await highsLoader({ instantiateWasm } as Parameters<typeof highsLoader>[0]).catch(() => null);
}

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

const none = (how: number): Answer => ({ how, x: new Float64Array(0), cost: NaN, bound: -Infinity });

/* gap: how much dearer than the cheapest is good enough; nodes: of the search at most. */
function solve_with(solver: Highs, { cost, most, whole, start, row, value, low, high }: Programme, gap: number, nodes: number): Answer {
  const { integer, continuous } = solver.constants.variableType, ended = solver.constants.modelStatus;
  const bounds = (limits: Float64Array) => limits.map((limit) => (Math.abs(limit) === Infinity ? Math.sign(limit) * solver.infinity : limit));
  const numCols = cost.length, numRows = low.length;
  return solver.withModel({
    numCols, numRows, colCost: cost, colLower: new Float64Array(numCols), colUpper: bounds(most), rowLower: bounds(low), rowUpper: bounds(high),
    integrality: Array.from(whole, (is_whole) => (is_whole ? integer : continuous)),
    matrix: { format: "csc", numRows, numCols, starts: Int32Array.from(start), indices: Int32Array.from(row), values: value },
  }, (model) => {
    model.options.set({ output_flag: false, mip_rel_gap: gap, mip_max_nodes: Math.min(nodes, 0x7fffffff) });
    model.run();
    const status = model.getModelStatus();
    if (status === ended.infeasible) return none(INFEASIBLE);
    if (status === ended.unbounded) return none(UNBOUNDED);
    if (status === ended.unboundedOrInfeasible) return none(cost.every((each) => each >= 0) ? INFEASIBLE : UNBOUNDED);
    if (status !== ended.optimal && model.info.get("primal_solution_status") !== FEASIBLE) return none(NONE_YET);
    const x = Float64Array.from(model.getSolution().colValue, (amount, j) => (whole[j] !== 0 ? Math.round(amount) : Math.max(0, amount)));
    const total = cost.reduce((all, each, j) => all + each * x[j], 0);
    const bound = whole.some((is_whole) => is_whole !== 0) ? Number(model.info.get("mip_dual_bound")) : total;
    return { how: status === ended.optimal ? PROVEN : FOUND, x, cost: total, bound: Math.min(bound, total) };
  });
}

export function solveProgramme(programme: Programme, gap: number, nodes: number): Answer {
  if (highs === null) return none(NONE_YET);
  try {
    return solve_with(highs, programme, gap, nodes);
  } catch {
    highs = null; // out of memory: what it left behind is not to be trusted
    return none(NONE_YET);
  }
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
