/* The script of a worker that runs the program, one call after the other. Its first message brings the program. */
import { solver_start } from "./solver";
import { execute, type Files } from "./wasi";

export interface Call {
  args: string[];
  files?: Files;
  wantsStderr: boolean;
  solver?: WebAssembly.Module; // for a command that has integer programmes to solve
}

let program: WebAssembly.Module;

self.onmessage = async (event: MessageEvent<WebAssembly.Module | Call>) => {
  if (event.data instanceof WebAssembly.Module) {
    program = event.data;
    return;
  }
  const { args, files, wantsStderr, solver } = event.data;
  if (solver) await solver_start(solver);
  const outcome = execute(program, args, files, wantsStderr ? (text) => self.postMessage({ stderr: text }) : undefined);
  const owned = [outcome.stdout, ...outcome.files.values()].map((bytes) => bytes.buffer as ArrayBuffer);
  self.postMessage({ outcome }, { transfer: owned });
};
