/* The five questions: what an owner can read off her own panel, with sensible values already there, and what may be left out said so. */
import { append, h, replace } from "../common/dom";
import { locale } from "../common/numbers";
import { language, say, type Word } from "../common/words";
import { answers_first, type Answers } from "./shop";

type Field = { key: keyof Answers; label: Word; unit?: Word; type: "number" | "hour" | "moment"; least?: number; most?: number; step?: number | "any"; optional?: boolean };
interface Question { title: Word; hint: Word; fields: Field[] }

const questions: Question[] = [
  { title: "ask.day", hint: "ask.day.hint", fields: [
    { key: "chats", label: "ask.chats", unit: "ask.chats.unit", type: "number", least: 1, most: 100000, step: 1 },
    { key: "agents", label: "ask.agents", unit: "ask.agents.unit", type: "number", least: 1, most: 1000, step: 1 },
    { key: "response_s", label: "ask.response", unit: "ask.response.unit", type: "number", least: 1, most: 3600, step: "any" },
    { key: "open", label: "ask.open", type: "hour" },
    { key: "close", label: "ask.close", type: "hour" }] },
  { title: "ask.multiplier", hint: "ask.multiplier.hint", fields: [
    { key: "multiplier", label: "ask.times", unit: "ask.times.unit", type: "number", least: 0.1, most: 50, step: "any" }] },
  { title: "ask.opening", hint: "ask.opening.hint", fields: [
    { key: "opens_at", label: "ask.opens_at", type: "moment" }] },
  { title: "ask.money", hint: "ask.money.hint", fields: [
    { key: "conversion", label: "ask.conversion", unit: "ask.conversion.unit", type: "number", least: 0, most: 100, step: "any", optional: true },
    { key: "order_value", label: "ask.order_value", unit: "ask.order_value.unit", type: "number", least: 0, most: 1000000, step: "any", optional: true }] },
  { title: "ask.wage", hint: "ask.wage.hint", fields: [
    { key: "wage", label: "ask.wage.label", unit: "ask.wage.unit", type: "number", least: 0, most: 10000, step: "any" }] },
];

/* A share is asked for in per cent. */
function shown(answers: Answers, key: keyof Answers): string {
  const value = answers[key];
  if (value === null) return "";
  if (key === "conversion") return String(Math.round((value as number) * 1e6) / 1e4);
  return String(value);
}

function taken(field: Field, text: string): string | number | null {
  if (field.type !== "number") return text;
  if (text === "") return null;
  return field.key === "conversion" ? Number(text) / 100 : Number(text);
}

/* The 48 of a day from the one with this number on. */
const half_hours = (first: number): string[] => Array.from({ length: 48 }, (_, i) => i + first).map((half) => `${String(half >> 1).padStart(2, "0")}:${half % 2 ? "30" : "00"}`);

export class Questions {
  readonly root = h("form", { class: "ask", novalidate: true, onsubmit: (event: Event) => this.submit(event) });
  answers: Answers = answers_first(new Date());

  constructor(private readonly on_answers: (answers: Answers) => void) {
    this.draw();
  }

  draw(): void {
    replace(this.root, h("ol", { class: "ask-list" }, questions.map((question, i) => this.question(question, i))));
    append(this.root, h("p", { class: "ask-go" }, h("button", { class: "main", type: "submit" }, say("ask.go")), h("span", { class: "small quiet" }, say("ask.go.hint"))));
  }

  private question(question: Question, index: number): HTMLElement {
    return h("li", {}, h("fieldset", {},
      h("legend", {}, h("span", { class: "ask-number", "aria-hidden": "true" }, index + 1), say(question.title)),
      h("div", { class: "ask-fields" }, question.fields.map((field) => this.field(field))),
      h("p", { class: "small quiet" }, say(question.hint))));
  }

  private field(field: Field): HTMLElement {
    const id = `ask-${field.key}`;
    if (field.type === "moment") return this.moment(field, id);
    if (field.type === "hour") return h("div", { class: "ask-field" }, h("label", { for: id }, say(field.label)), this.hour(field, id));
    const fault = h("span", { class: "fault small", id: `${id}-fault`, role: "alert" });
    const input = h("input", {
      id, name: field.key, type: field.type, value: shown(this.answers, field.key), min: field.least, max: field.most, step: field.step, required: !field.optional,
      inputmode: field.type === "number" ? "decimal" : null, "aria-describedby": `${id}-fault`,
      placeholder: field.optional ? say("ask.optional") : null,
      oninput: () => {
        const good = input.checkValidity();
        input.setAttribute("aria-invalid", String(!good));
        fault.textContent = good ? "" : this.wanted(field, input);
        if (good) (this.answers as any)[field.key] = taken(field, input.value);
      },
    });
    return h("div", { class: "ask-field" }, h("label", { for: id }, say(field.label)),
      h("span", { class: "ask-input" }, input, field.unit && h("span", { class: "small quiet" }, say(field.unit))), fault);
  }

  /* Half hours of a day; a browser's own field for times knows no 24:00. */
  private hour(field: Field, id: string): HTMLElement {
    const times = half_hours(field.key === "close" ? 1 : 0);
    const select = h("select", { id, name: field.key, onchange: () => { (this.answers as any)[field.key] = select.value; } },
      times.map((time) => h("option", { value: time, selected: time === this.answers[field.key] }, time)));
    return select;
  }

  /* A browser's own field for dates speaks the browser's language, whatever that of the page: so year, month, day and half hour, in the order of
   * the page's. No choice is a day that does not exist. */
  private moment(field: Field, id: string): HTMLElement {
    const shown = (part: Intl.DateTimeFormatOptions, year: number, month: number, day: number) =>
      new Intl.DateTimeFormat(locale(), { ...part, timeZone: "UTC" }).format(Date.UTC(year, month - 1, day));
    const two = (value: number) => String(value).padStart(2, "0");
    const now = () => this.answers[field.key] as string;
    const options = (select: HTMLSelectElement, values: [string, string][], chosen: string) =>
      replace(select, values.map(([value, text]) => h("option", { value, selected: value === chosen }, text)));
    const fill = () => {
      const [year, month, day] = now().slice(0, 10).split("-").map(Number) as [number, number, number], first = new Date().getFullYear() - 1;
      const years = [...new Set([year, ...Array.from({ length: 5 }, (_, i) => first + i)])].sort((a, b) => a - b), last = new Date(Date.UTC(year, month, 0)).getUTCDate();
      options(parts.year, years.map((y) => [String(y), shown({ year: "numeric" }, y, 1, 1)]), String(year));
      options(parts.month, Array.from({ length: 12 }, (_, i) => [two(i + 1), shown({ month: language() === "zh" ? "numeric" : "short" }, year, i + 1, 1)]), two(month));
      options(parts.day, Array.from({ length: last }, (_, i) => [two(i + 1), shown({ day: "numeric" }, year, month, i + 1)]), two(day));
      options(parts.time, [...new Set([now().slice(11), ...half_hours(0)])].sort().map((time) => [time, time]), now().slice(11));
    };
    const take = () => {
      const last = new Date(Date.UTC(Number(parts.year.value), Number(parts.month.value), 0)).getUTCDate();
      (this.answers as any)[field.key] = `${parts.year.value}-${parts.month.value}-${two(Math.min(Number(parts.day.value), last))}T${parts.time.value}`;
      fill();
    };
    const part = (name: "year" | "month" | "day" | "time") => h("select", { id: `${id}-${name}`, name: `${field.key}-${name}`, "aria-label": say(`ask.moment.${name}` as Word), onchange: take });
    const parts = { year: part("year"), month: part("month"), day: part("day"), time: part("time") };
    fill();
    const date = language() === "zh" ? [parts.year, parts.month, parts.day] : [parts.day, parts.month, parts.year];
    return h("div", { class: "ask-field", role: "group", "aria-labelledby": id }, h("span", { id, class: "ask-label" }, say(field.label)), h("span", { class: "ask-moment" }, date, parts.time));
  }

  private wanted(field: Field, input: HTMLInputElement): string {
    if (input.validity.valueMissing || input.validity.badInput) return say("ask.missing");
    return say(field.step === 1 ? "ask.whole" : "ask.range", { least: field.least!, most: field.most! });
  }

  /* What is wrong is said at its place, and the first such place is where the cursor goes. */
  private submit(event: Event): void {
    event.preventDefault();
    const inputs = [...this.root.querySelectorAll("input")];
    for (const input of inputs) input.dispatchEvent(new Event("input"));
    const wrong = inputs.find((input) => !input.checkValidity());
    if (wrong) wrong.focus();
    else this.on_answers(this.answers);
  }
}
