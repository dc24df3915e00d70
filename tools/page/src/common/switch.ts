/* The switch between the two languages, named in the other one. */
import { h } from "./dom";
import { choose_language, language, say } from "./words";

export function language_switch(): HTMLElement {
  return h("button", { class: "plain no-print", lang: language() === "zh" ? "en" : "zh-CN", "aria-label": `${say("language")}: ${say("language.other")}`,
    onclick: () => choose_language(language() === "zh" ? "en" : "zh") }, say("language.other"));
}
