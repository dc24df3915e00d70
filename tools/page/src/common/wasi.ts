/* Runs the program once: a fresh instance, arguments and files in, what it printed and wrote out.
 *
 * The part of WASI preview 1 (github.com/WebAssembly/WASI, legacy/preview1/docs.md) that fenliu.wasm imports, over files that are a map
 * from path to bytes. There is one folder above all, which is also the current one; a path is told with or without its slash in front. */
import { minimise } from "./solver";

export interface Outcome {
  code: number; // the program's exit code; 5, with the reason at the end of stderr, where it came to grief
  stdout: Uint8Array;
  stderr: string;
  files: Map<string, Uint8Array>; // those it wrote
}

export type Files = Record<string, string | Uint8Array>;

/* Its error numbers, by their names in WASI. */
const BADF = 8, EXIST = 20, INVAL = 28, ISDIR = 31, NOENT = 44, NOTDIR = 54, NOTEMPTY = 55, SPIPE = 70;
const CHARACTER_DEVICE = 2, DIRECTORY = 3, REGULAR = 4; // kinds of files; 0 is what is neither, as the standard streams are here
const RIGHTS_TO_SEEK = (1n << 2n) | (1n << 5n); // fd_seek and fd_tell
const CREATE = 1, WANT_DIRECTORY = 2, EXCLUSIVE = 4, TRUNCATE = 8; // how to open
const ROOT = 3; // the descriptor of the folder that is there from the start

class Exit {
  constructor(readonly code: number) {}
}

/* Bytes that grow by doubling. */
class Bytes {
  private room: Uint8Array;
  length: number;

  constructor(bytes: Uint8Array = new Uint8Array(0)) {
    this.room = bytes;
    this.length = bytes.length;
  }

  view(): Uint8Array {
    return this.room.subarray(0, this.length);
  }

  write(at: number, bytes: Uint8Array) {
    const end = at + bytes.length;
    if (end > this.room.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.room.length, 4096));
      larger.set(this.view());
      this.room = larger;
    }
    this.room.set(bytes, at);
    this.length = Math.max(this.length, end);
  }

  clear() {
    this.room = new Uint8Array(0);
    this.length = 0;
  }
}

/* A path without what says nothing: "/a/./b//c" is "a/b/c", and above the root is the root. */
function plain(path: string): string {
  const steps: string[] = [];
  for (const step of path.split("/")) {
    if (step === "..") steps.pop();
    else if (step !== "" && step !== ".") steps.push(step);
  }
  return steps.join("/");
}

const folderOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf("/")));

interface Open {
  path: string;
  file?: Bytes; // none: a folder
  at: number;
  append: boolean;
}

class Host {
  readonly stdout = new Bytes();
  readonly written = new Set<string>();
  stderr = "";
  memory!: WebAssembly.Memory;
  private readonly encoder = new TextEncoder();
  private readonly decoder = new TextDecoder();
  private readonly speaker = new TextDecoder(); // of stderr, whose pieces may end inside a character
  private readonly files = new Map<string, Bytes>();
  private readonly folders = new Set<string>([""]);
  private readonly open = new Map<number, Open>();
  private readonly args: Uint8Array[];
  private readonly stdin: Bytes;

  constructor(args: string[], files: Files, private readonly onStderr?: (text: string) => void) {
    this.args = ["fenliu", ...args].map((text) => this.encoder.encode(text + "\0"));
    for (const [path, content] of Object.entries(files)) {
      // A string or a copy: what the program writes into a file is not the caller's.
      const bytes = typeof content === "string" ? this.encoder.encode(content) : content.slice();
      const name = plain(path);
      this.files.set(name, new Bytes(bytes));
      for (let folder = folderOf(name); folder !== ""; folder = folderOf(folder)) this.folders.add(folder);
    }
    this.stdin = this.files.get("-") ?? new Bytes();
    this.open.set(ROOT, { path: "", at: 0, append: false });
  }

  result(code: number): Outcome {
    const files = new Map<string, Uint8Array>();
    for (const path of [...this.written].sort()) {
      const file = this.files.get(path);
      if (file !== undefined) files.set(path, file.view().slice());
    }
    return { code, stdout: this.stdout.view().slice(), stderr: this.stderr, files };
  }

  say(bytes: Uint8Array) {
    const text = this.speaker.decode(bytes, { stream: true });
    this.stderr += text;
    if (text !== "") this.onStderr?.(text);
  }

  /* Memory may have moved since the last call. */
  private get data(): DataView {
    return new DataView(this.memory.buffer);
  }

  private bytes(at: number, length: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, at >>> 0, length >>> 0);
  }

  private path(folder: number, at: number, length: number): string {
    return plain(`${this.open.get(folder)?.path ?? ""}/${this.decoder.decode(this.bytes(at, length))}`);
  }

  private pieces(at: number, count: number): Uint8Array[] {
    const data = this.data;
    return Array.from({ length: count }, (_, i) => this.bytes(data.getUint32(at + 8 * i, true), data.getUint32(at + 8 * i + 4, true)));
  }

  private list(texts: Uint8Array[], pointers: number, at: number): number {
    const data = this.data;
    for (const text of texts) {
      data.setUint32(pointers, at, true);
      this.bytes(at, text.length).set(text);
      pointers += 4;
      at += text.length;
    }
    return 0;
  }

  private sizes(texts: Uint8Array[], count: number, bytes: number): number {
    this.data.setUint32(count, texts.length, true);
    this.data.setUint32(bytes, texts.reduce((all, text) => all + text.length, 0), true);
    return 0;
  }

  private stat(at: number, kind: number, size: number): number {
    this.bytes(at, 64).fill(0);
    this.data.setBigUint64(at + 8, 1n, true);
    this.data.setUint8(at + 16, kind);
    this.data.setBigUint64(at + 24, 1n, true);
    this.data.setBigUint64(at + 32, BigInt(size), true);
    return 0;
  }

  private within(folder: string): string[] {
    const start = folder === "" ? "" : `${folder}/`;
    return [...this.folders, ...this.files.keys()].filter((path) => path !== "" && path !== folder && path.startsWith(start));
  }

  /* All below `from` goes to `to`, which takes the place of an empty folder or a file. */
  private rename(from: string, to: string): number {
    if (!this.folders.has(folderOf(to))) return NOENT;
    const file = this.files.get(from);
    if (file !== undefined) {
      if (this.folders.has(to)) return ISDIR;
      this.files.set(to, file);
      this.files.delete(from);
      this.written.delete(from);
      this.written.add(to);
      return 0;
    }
    if (!this.folders.has(from)) return NOENT;
    if (this.files.has(to)) return NOTDIR;
    if (this.folders.has(to) && this.within(to).length > 0) return NOTEMPTY;
    const below = this.within(from);
    this.folders.delete(from);
    this.folders.add(to);
    for (const path of below) {
      const moved = to + path.slice(from.length);
      if (this.folders.delete(path)) this.folders.add(moved);
      else this.rename(path, moved);
    }
    return 0;
  }

  private openPath(path: string, how: number, append: boolean, fd: number): number {
    let file = this.files.get(path);
    const isFolder = this.folders.has(path);
    if (file === undefined && !isFolder) {
      if ((how & CREATE) === 0 || !this.folders.has(folderOf(path))) return NOENT;
      file = new Bytes();
      this.files.set(path, file);
      this.written.add(path);
    } else if ((how & CREATE) !== 0 && (how & EXCLUSIVE) !== 0) return EXIST;
    else if (file !== undefined && (how & WANT_DIRECTORY) !== 0) return NOTDIR;
    else if (isFolder && (how & (CREATE | TRUNCATE)) !== 0) return ISDIR;
    if (file !== undefined && (how & TRUNCATE) !== 0) {
      file.clear();
      this.written.add(path);
    }
    let descriptor = ROOT + 1;
    while (this.open.has(descriptor)) descriptor++;
    this.open.set(descriptor, { path, file, at: 0, append });
    this.data.setUint32(fd, descriptor, true);
    return 0;
  }

  private write(descriptor: number, bytes: Uint8Array): number {
    if (descriptor === 1) this.stdout.write(this.stdout.length, bytes);
    else if (descriptor === 2) this.say(bytes);
    else {
      const to = this.open.get(descriptor);
      if (to?.file === undefined) return BADF;
      if (to.append) to.at = to.file.length;
      to.file.write(to.at, bytes);
      to.at += bytes.length;
      this.written.add(to.path);
    }
    return 0;
  }

  private readonly input: Open = { path: "-", at: 0, append: false };

  private read(descriptor: number, into: Uint8Array[]): number {
    const from = descriptor === 0 ? this.input : this.open.get(descriptor);
    const file = descriptor === 0 ? this.stdin : from?.file;
    if (from === undefined || file === undefined) return -1;
    let taken = 0;
    for (const piece of into) {
      const bytes = file.view().subarray(from.at, from.at + piece.length);
      piece.set(bytes);
      from.at += bytes.length;
      taken += bytes.length;
    }
    return taken;
  }

  /* Names of a folder from the given one on, as many as there is room for, the last perhaps cut. */
  private entries(folder: string, into: Uint8Array, from: number): number {
    const start = folder === "" ? 0 : folder.length + 1;
    const names = [".", "..", ...this.within(folder).map((path) => path.slice(start)).filter((name) => !name.includes("/")).sort()];
    let used = 0;
    for (let i = from; i < names.length && used < into.length; i++) {
      const name = this.encoder.encode(names[i]), entry = new Uint8Array(24 + name.length), head = new DataView(entry.buffer);
      head.setBigUint64(0, BigInt(i + 1), true);
      head.setBigUint64(8, BigInt(i + 1), true);
      head.setUint32(16, name.length, true);
      head.setUint8(20, i < 2 || this.folders.has(plain(`${folder}/${names[i]}`)) ? DIRECTORY : REGULAR);
      entry.set(name, 24);
      const fits = entry.subarray(0, into.length - used);
      into.set(fits, used);
      used += fits.length;
    }
    return used;
  }

  readonly wasi: Record<string, (...args: never[]) => number> = {
    args_get: (pointers: number, at: number) => this.list(this.args, pointers, at),
    args_sizes_get: (count: number, bytes: number) => this.sizes(this.args, count, bytes),
    environ_get: () => 0,
    environ_sizes_get: (count: number, bytes: number) => this.sizes([], count, bytes),
    clock_time_get: (clock: number, _precision: bigint, at: number) => {
      const ms = clock === 0 ? Date.now() : performance.now();
      this.data.setBigUint64(at, BigInt(Math.round(ms * 1e6)), true);
      return 0;
    },
    fd_close: (descriptor: number) => (this.open.delete(descriptor) ? 0 : BADF),
    fd_fdstat_get: (descriptor: number, at: number) => {
      const open = this.open.get(descriptor);
      if (open === undefined && descriptor > 2) return BADF;
      this.bytes(at, 24).fill(0);
      // Who listens to stderr is shown the progress that a terminal is: wasi-libc takes a character device that cannot seek for one.
      const terminal = descriptor === 2 && this.onStderr !== undefined;
      this.data.setUint8(at, terminal ? CHARACTER_DEVICE : open === undefined ? 0 : open.file === undefined ? DIRECTORY : REGULAR);
      this.data.setBigUint64(at + 8, terminal ? ~RIGHTS_TO_SEEK : ~0n, true);
      this.data.setBigUint64(at + 16, ~0n, true);
      return 0;
    },
    fd_fdstat_set_flags: () => 0,
    fd_prestat_get: (descriptor: number, at: number) => {
      if (descriptor !== ROOT) return BADF;
      this.data.setUint32(at, 0, true);
      this.data.setUint32(at + 4, 1, true);
      return 0;
    },
    fd_prestat_dir_name: (descriptor: number, at: number) => {
      if (descriptor !== ROOT) return BADF;
      this.data.setUint8(at, 0x2f);
      return 0;
    },
    fd_read: (descriptor: number, pieces: number, count: number, out: number) => {
      const taken = this.read(descriptor, this.pieces(pieces, count));
      if (taken < 0) return BADF;
      this.data.setUint32(out, taken, true);
      return 0;
    },
    fd_readdir: (descriptor: number, at: number, room: number, cookie: bigint, out: number) => {
      const open = this.open.get(descriptor);
      if (open === undefined || open.file !== undefined) return open === undefined ? BADF : NOTDIR;
      this.data.setUint32(out, this.entries(open.path, this.bytes(at, room), Number(cookie)), true);
      return 0;
    },
    fd_seek: (descriptor: number, offset: bigint, whence: number, out: number) => {
      const open = this.open.get(descriptor);
      if (open?.file === undefined) return descriptor <= 2 ? SPIPE : BADF;
      const at = Number(offset) + (whence === 0 ? 0 : whence === 1 ? open.at : open.file.length);
      if (at < 0) return INVAL;
      open.at = at;
      this.data.setBigUint64(out, BigInt(at), true);
      return 0;
    },
    fd_sync: () => 0,
    fd_write: (descriptor: number, pieces: number, count: number, out: number) => {
      let given = 0;
      for (const piece of this.pieces(pieces, count)) {
        const failed = this.write(descriptor, piece);
        if (failed !== 0) return failed;
        given += piece.length;
      }
      this.data.setUint32(out, given, true);
      return 0;
    },
    path_create_directory: (folder: number, at: number, length: number) => {
      const path = this.path(folder, at, length);
      if (this.folders.has(path) || this.files.has(path)) return EXIST;
      if (!this.folders.has(folderOf(path))) return NOENT;
      this.folders.add(path);
      return 0;
    },
    path_filestat_get: (folder: number, _flags: number, at: number, length: number, out: number) => {
      const path = this.path(folder, at, length), file = this.files.get(path);
      if (file !== undefined) return this.stat(out, REGULAR, file.length);
      return this.folders.has(path) ? this.stat(out, DIRECTORY, 0) : NOENT;
    },
    path_open: (folder: number, _follow: number, at: number, length: number, how: number, _rights: bigint, _inherited: bigint, flags: number, out: number) =>
      this.openPath(this.path(folder, at, length), how, (flags & 1) !== 0, out),
    path_remove_directory: (folder: number, at: number, length: number) => {
      const path = this.path(folder, at, length);
      if (!this.folders.has(path) || path === "") return NOENT;
      if (this.within(path).length > 0) return NOTEMPTY;
      this.folders.delete(path);
      return 0;
    },
    path_rename: (folder: number, at: number, length: number, toFolder: number, toAt: number, toLength: number) =>
      this.rename(this.path(folder, at, length), this.path(toFolder, toAt, toLength)),
    path_unlink_file: (folder: number, at: number, length: number) => {
      const path = this.path(folder, at, length);
      this.written.delete(path);
      return this.files.delete(path) ? 0 : NOENT;
    },
    proc_exit: (code: number) => {
      throw new Exit(code);
    },
  };
}

/* Never throws for what the program does: a broken invariant, or memory that ran out where it cannot be told otherwise, is code 5. */
export function execute(program: WebAssembly.Module, args: string[], files: Files = {}, onStderr?: (text: string) => void): Outcome {
  const host = new Host(args, files, onStderr);
  const imports = { wasi_snapshot_preview1: host.wasi, fenliu: { minimise: (...call: number[]) => minimise(host.memory, call) } };
  try {
    const instance = new WebAssembly.Instance(program, imports as unknown as WebAssembly.Imports);
    host.memory = instance.exports.memory as WebAssembly.Memory;
    (instance.exports._start as () => void)();
    return host.result(0);
  } catch (stopped) {
    if (stopped instanceof Exit) return host.result(stopped.code);
    host.say(new TextEncoder().encode(`fenliu: ${stopped instanceof Error ? stopped.message : String(stopped)}\n`));
    return host.result(5);
  }
}
