/* What build.mjs makes importable beside TypeScript: the program's bytes, compressed, as base64 (its loader), and the repository's
 * scenarios as text. */
declare module "fenliu.wasm.gz" { const base64: string; export default base64; }
declare module "scenarios/*.json" { const text: string; export default text; }
declare module "*.css";
