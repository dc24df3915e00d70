/* The door to the program: `fenliu` with these arguments and files, in a worker, off the page's thread.
 *
 * The same arguments and files give the same bytes as the installed program does. The page embeds the program; it is unpacked and compiled
 * once. Workers are kept for the next call, several run at once, and what comes when all are busy waits for its turn. Where `fenliu serve` shows
 * the page, the installed program answers instead (served.ts). */
import packed from "fenliu.wasm.gz";
import packedSolver from "highs.wasm.gz";
import packedWorker from "worker:./core_worker.ts";
import type { Call } from "./core_worker";
import { run_served, served } from "./served";
import type { Files, Outcome } from "./wasi";

export type { Files, Outcome } from "./wasi";

export interface Options {
  files?: Files; // what the program can read, by the path in its arguments; "-" is its standard input
  onStderr?: (text: string) => void; // progress, as it comes
  signal?: AbortSignal; // ends the call, which is then rejected with the signal's reason
  keep?: string; // where serve shows the page: the results stay there, under this title
}

const WORKERS_MAX = Math.max(1, Math.min(8, navigator.hardwareConcurrency ?? 1));

/* A call that waits or runs. */
interface Task {
  call: Call;
  options: Options;
  resolve: (outcome: Outcome) => void;
  reject: (reason: unknown) => void;
}

const waiting: Task[] = [];
const idle: Worker[] = [];
let workers = 0;

function unpack(base64: string): Response {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip")));
}

const compile = async (base64: string): Promise<WebAssembly.Module> => WebAssembly.compile(await unpack(base64).arrayBuffer());

/* What every worker is given. */
interface Ready { program: WebAssembly.Module; script: string }

let ready: Promise<Ready> | undefined, solver: Promise<WebAssembly.Module> | undefined;

/* Compiles the program before it is wanted. A call does it by itself. */
export function prepare(): Promise<Ready> {
  return (ready ??= Promise.all([compile(packed), unpack(packedWorker).text()]).then(([program, script]) => ({ program, script })));
}

/* Only `staff` has integer programmes: the solver, larger than all the rest, is compiled when that is first asked. */
const solver_for = (args: string[]): Promise<WebAssembly.Module> | undefined => (args[0] === "staff" ? (solver ??= compile(packedSolver)) : undefined);

function workerStart({ program, script }: Ready): Worker {
  const address = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  const worker = new Worker(address);
  worker.postMessage(program);
  return worker;
}

/* Gives a worker its task, and both back when it is done, aborted or broken. */
function begin(worker: Worker, task: Task) {
  const { signal, onStderr } = task.options;
  const leave = (kept: boolean) => {
    signal?.removeEventListener("abort", abort);
    worker.onmessage = worker.onerror = null;
    if (kept) idle.push(worker);
    else {
      worker.terminate();
      workers--;
    }
    void serve();
  };
  const abort = () => {
    leave(false);
    task.reject(signal?.reason);
  };
  signal?.addEventListener("abort", abort);
  worker.onmessage = (event: MessageEvent<{ stderr?: string; outcome?: Outcome }>) => {
    if (event.data.outcome === undefined) return onStderr?.(event.data.stderr ?? "");
    leave(true);
    task.resolve(event.data.outcome);
  };
  worker.onerror = (event) => {
    leave(false);
    task.reject(new Error(event.message));
  };
  worker.postMessage(task.call);
}

/* Begins as many of those that wait as there are workers. */
async function serve() {
  const given = await prepare();
  while (waiting.length > 0 && (idle.length > 0 || workers < WORKERS_MAX)) {
    const task = waiting.shift()!;
    let worker = idle.pop();
    if (worker === undefined) {
      worker = workerStart(given);
      workers++;
    }
    begin(worker, task);
  }
}

export async function run(args: string[], options: Options = {}): Promise<Outcome> {
  if (served) return run_served(args, options);
  const { signal, files } = options, found = await solver_for(args);
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const task: Task = { call: { args, files, wantsStderr: options.onStderr !== undefined, solver: found }, options, resolve, reject };
    const abandon = () => {
      const at = waiting.indexOf(task);
      if (at < 0) return; // it runs: begin() looks after it
      waiting.splice(at, 1);
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", abandon, { once: true });
    waiting.push(task);
    serve().catch(reject);
  });
}
