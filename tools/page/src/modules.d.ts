/* What build.mjs makes importable beside TypeScript: the program's bytes, compressed, as base64 (its loader), the script of a
 * worker as text, and the repository's scenarios as text. */
declare module "fenliu.wasm.gz" { const base64: string; export default base64; }
declare module "worker:*" { const script: string; export default script; }
declare module "scenarios/*.json" { const text: string; export default text; }
declare module "*.css";
