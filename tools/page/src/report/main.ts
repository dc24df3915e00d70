/* The report: what a run found, from the JSON that `fenliu report` put into the page. */
import "../common/theme.css";
import { h, replace } from "../common/dom";
import { language_switch } from "../common/switch";
import { on_language, say, set_language, language } from "../common/words";

function draw(): void {
  document.title = say("report.title");
  replace(document.getElementById("root")!, h("main", {}, language_switch(), h("h1", {}, say("report.title")), h("p", {}, say("report.empty"))));
}

on_language(draw);
set_language(language());
