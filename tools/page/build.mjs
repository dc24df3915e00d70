// Checks the types and makes the self-contained files of ../../build (or --out DIR): fenliu.html from src/page, report.html from
// src/report. One file each, with script and style inside and no address outside; what the browser may do is in its content security
// policy, which names script and style by their hashes, so that nothing else in the file can run. Beside them OUT/page/core.mjs, the door to
// the program as a module for node.
//
//   node build.mjs [--out DIR] [--modules DIR] [--wasm FILE] [--only report.html|fenliu.html]
//
// --modules  where node_modules is (default ../../build/page, where tools/packages.sh's npm_ensure puts it)
// --wasm     the program for the page (default OUT/fenliu.wasm); without that file fenliu.html is not made, report.html is
// Exit: 0 made, 2 the types are wrong or a module is missing.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, "../..");

function option(name, otherwise) {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : resolve(process.argv[at + 1]);
}

const out = option("out", join(root, "build"));
const modules = join(option("modules", join(root, "build/page")), "node_modules");
const wasm = option("wasm", join(out, "fenliu.wasm"));
if (!existsSync(join(modules, "esbuild"))) {
  console.error(`no esbuild in ${modules}: tools/packages.sh's npm_ensure installs it`);
  process.exit(2);
}
const require = createRequire(join(modules, "here.js"));
const esbuild = require("esbuild");

/* The modules are not above the sources, so both compilers are told where they are. */
function typesAreRight() {
  const ts = require("typescript");
  const config = ts.readConfigFile(join(here, "tsconfig.json"), ts.sys.readFile).config;
  config.compilerOptions.paths = { "*": [join(modules, "*")] };
  const parsed = ts.parseJsonConfigFileContent(config, ts.sys, here);
  const program = ts.createProgram(parsed.fileNames, parsed.options);
  const faults = ts.getPreEmitDiagnostics(program);
  if (faults.length)
    console.error(ts.formatDiagnostics(faults, { getCurrentDirectory: () => here, getCanonicalFileName: (name) => name, getNewLine: () => "\n" }));
  return faults.length === 0;
}

const packed = (bytes) => ({ contents: gzipSync(bytes, { level: 9 }), loader: "base64" });

/* `import base64 from "fenliu.wasm.gz"`: the program, compressed; the page unpacks it with the browser's own DecompressionStream.
 * "highs.wasm.gz": the solver of npm's highs in the same way. */
const programs = {
  name: "programs",
  setup(build) {
    build.onResolve({ filter: /^fenliu\.wasm\.gz$/ }, () => ({ path: wasm, namespace: "programs" }));
    build.onResolve({ filter: /^highs\.wasm\.gz$/ }, () => ({ path: join(modules, "highs/build/highs.wasm"), namespace: "programs" }));
    build.onLoad({ filter: /.*/, namespace: "programs" }, (found) => packed(readFileSync(found.path)));
  },
};

/* `import base64 from "worker:./x.ts"`: a bundle of its own, compressed, for a worker that is started from a blob. What the solver's loader has for
 * node alone is never reached in a browser, and in a test in node finds the module there. */
const workers = {
  name: "workers",
  setup(build) {
    build.onResolve({ filter: /^worker:/ }, (found) => ({ path: resolve(found.resolveDir, found.path.slice("worker:".length)), namespace: "workers" }));
    build.onLoad({ filter: /.*/, namespace: "workers" }, async (found) => {
      const made = await esbuild.build({
        absWorkingDir: here, entryPoints: [found.path], bundle: true, write: false, minify: true, format: "iife", target: "es2020", charset: "utf8",
        legalComments: "none", nodePaths: [modules], external: ["node:*"], define: { "import.meta.url": '"file:///"' }, logLevel: "warning",
      });
      return packed(made.outputFiles[0].contents);
    });
  },
};

/* Scenarios and the stylesheet come as text: what is embedded is what the repository has. */
const texts = {
  name: "texts",
  setup(build) {
    build.onResolve({ filter: /^scenarios\/.*\.json$/ }, (found) => ({ path: join(root, found.path), namespace: "texts" }));
    build.onLoad({ filter: /.*/, namespace: "texts" }, (found) => ({ contents: readFileSync(found.path, "utf8"), loader: "text" }));
  },
};

async function bundle(entry) {
  const result = await esbuild.build({
    absWorkingDir: here,
    entryPoints: [entry],
    bundle: true,
    write: false,
    minify: true,
    format: "iife",
    target: "es2020",
    charset: "utf8",
    legalComments: "none",
    nodePaths: [modules],
    plugins: [programs, workers, texts],
    outdir: "/",
    logLevel: "warning",
  });
  const text = (end) => result.outputFiles.find((file) => file.path.endsWith(end))?.text.trim() ?? "";
  /* Inside a script element these two would end it, or hide its end. */
  return { script: text(".js").replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--"), style: text(".css") };
}

/* core.ts alone, for tests in node. */
async function door() {
  await esbuild.build({
    absWorkingDir: here, entryPoints: ["src/common/core.ts"], bundle: true, format: "esm", target: "es2020", charset: "utf8", nodePaths: [modules],
    plugins: [programs, workers], outfile: join(out, "page/core.mjs"), logLevel: "warning",
  });
}

const hash = (text) => `'sha256-${createHash("sha256").update(text, "utf8").digest("base64")}'`;

/* The chart library sets style attributes, hence style-src-attr; the program is compiled from bytes, hence wasm-unsafe-eval. */
function html({ title, script, style, slot }) {
  const policy = [
    "default-src 'none'", `script-src ${hash(script)} 'wasm-unsafe-eval'`, "worker-src blob:", `style-src ${hash(style)}`,
    "style-src-attr 'unsafe-inline'", "img-src data: blob:", "base-uri 'none'", "form-action 'none'",
  ].join("; ");
  return `<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<div id="root"></div>
${slot}<script>${script}</script>
</body>
</html>
`;
}

/* Written beside and renamed: a build that is interrupted leaves no half a page. */
function put(name, text) {
  mkdirSync(out, { recursive: true });
  const path = join(out, name);
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
  console.log(`${name}  ${(Buffer.byteLength(text) / 1e6).toFixed(2)} MB`);
}

const only = process.argv.includes("--only") ? process.argv[process.argv.indexOf("--only") + 1] : undefined;
const wanted = (name) => only === undefined || only === name;
if (!typesAreRight()) process.exit(2);
if (wanted("report.html")) {
  const report = await bundle("src/report/main.ts");
  /* `fenliu report` puts a run between the two tags, as JSON without "<". */
  put("report.html", html({ title: "fenliu", ...report, slot: '<script type="application/json" id="run"></script>\n' }));
}
if (wanted("fenliu.html") && existsSync(wasm)) {
  await door();
  const page = await bundle("src/page/main.ts");
  put("fenliu.html", html({ title: "fenliu 分流", ...page, slot: "" }));
} else if (wanted("fenliu.html")) console.log(`fenliu.html is not made: no ${wasm}`);
