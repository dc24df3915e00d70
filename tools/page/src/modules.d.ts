/* What build.mjs makes importable beside TypeScript: compressed and as base64 the program's bytes, the solver's and the script of a worker;
 * as text the repository's scenarios. */
declare module "fenliu.wasm.gz" { const base64: string; export default base64; }
declare module "highs.wasm.gz" { const base64: string; export default base64; }
declare module "worker:*" { const base64: string; export default base64; }
declare module "scenarios/*.json" { const text: string; export default text; }
declare module "*.css";
