/* What people read, in English; zh.ts says what the keys are. */
import type { Words } from "./zh";

export const en: Words = {
  /* common */
  "language": "Language",
  "language.other": "中文",
  "chart.table": "Figures",
  "unit.seconds": "{n} s",
  "unit.minutes": "{n} min",
  "none": "—",

  /* report */
  "report.title": "fenliu report",
  "report.empty": "There is no run in this file yet.",
};
