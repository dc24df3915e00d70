/* The five questions: what an owner can read off her own panel, with sensible values already there, and what may be left out said so. */
import { append, h, replace } from "../common/dom";
import { say, type Word } from "../common/words";
import { answers_first, type Answers } from "./shop";

type Field = { key: keyof Answers; label: Word; unit?: Word; type: "number" | "hour" | "datetime-local"; least?: number | string; most?: number | string; step?: number | "any"; optional?: boolean };
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
    /* Whoever types a year one digit too long is told so. */
    { key: "opens_at", label: "ask.opens_at", type: "datetime-local", least: "2000-01-01T00:00", most: "2099-12-31T23:59" }] },
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
    const first = field.key === "close" ? 1 : 0;
    const times = Array.from({ length: 48 }, (_, i) => i + first).map((half) => `${String(half >> 1).padStart(2, "0")}:${half % 2 ? "30" : "00"}`);
    const select = h("select", { id, name: field.key, onchange: () => { (this.answers as any)[field.key] = select.value; } },
      times.map((time) => h("option", { value: time, selected: time === this.answers[field.key] }, time)));
    return select;
  }

  private wanted(field: Field, input: HTMLInputElement): string {
    if (input.validity.valueMissing || input.validity.badInput) return say("ask.missing");
    const bound = (value: number | string) => String(value).replace("T", " ");
    return say(field.step === 1 ? "ask.whole" : "ask.range", { least: bound(field.least!), most: bound(field.most!) });
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
