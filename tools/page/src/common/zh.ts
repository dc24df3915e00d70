/* What people read, in Chinese. The keys are every language's: en.ts must have the same (the compiler holds it to that), and
 * tests/page/words.mjs finds keys that nothing uses. {name} is replaced by a value; {n|one|many} chooses by a count, for languages
 * that need it. Plain words: the owner of a shop reads this; the terms are the trade's own. */
export const zh = {
  /* common */
  "language": "语言",
  "language.other": "English",
  "chart.table": "数据表",
  "unit.seconds": "{n} 秒",
  "unit.minutes": "{n} 分钟",
  "none": "—",

  /* report */
  "report.title": "fenliu 报告",
  "report.empty": "这份文件里还没有模拟结果。",
};

export type Word = keyof typeof zh;
export type Words = Record<Word, string>;
