// The page's door to the program (tools/page/src/common/core.ts) in node, with node's worker threads in the place of a browser's workers.
import { resolveObjectURL } from "node:buffer";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker as Thread } from "node:worker_threads";

export const source = process.env.FENLIU_SOURCE ?? new URL("../..", import.meta.url).pathname;
export const build = process.env.FENLIU_BUILD ?? join(source, "build/release");
export const native = process.env.FENLIU ?? join(build, "fenliu");

// What a worker's script finds in a browser.
const prelude = `
const { parentPort } = require("node:worker_threads");
globalThis.self = globalThis;
globalThis.postMessage = (message, options) => parentPort.postMessage(message, options?.transfer);
parentPort.on("message", (data) => globalThis.onmessage({ data }));
`;

class Worker {
  #thread;
  #ended = false;

  constructor(address) {
    this.#thread = resolveObjectURL(address).text().then((script) => {
      const thread = new Thread(prelude + script, { eval: true });
      thread.on("message", (data) => this.onmessage?.({ data }));
      thread.on("error", (error) => this.onerror?.({ message: error.message }));
      thread.unref();
      return thread;
    });
  }

  postMessage(message) {
    void this.#thread.then((thread) => this.#ended || (thread.ref(), thread.postMessage(message)));
  }

  terminate() {
    this.#ended = true;
    void this.#thread.then((thread) => thread.terminate());
  }
}

/* { run, prepare }; ends the test with 77 where the page is not built. */
export async function door() {
  const file = join(build, "page/core.mjs");
  if (!existsSync(file)) {
    console.log(`${file} is not there: the build is without -DFENLIU_PAGE=ON`);
    process.exit(77);
  }
  globalThis.Worker = Worker;
  globalThis.navigator ??= { hardwareConcurrency: 2 };
  return import(pathToFileURL(file).href);
}
