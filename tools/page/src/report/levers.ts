/* What else than people was tried: policies, chats at once and weights, on the same days with the advised roster. */
import { h } from "../common/dom";
import { number, percent } from "../common/numbers";
import { named, say } from "../common/words";
import { type Desk, type Levers, type Staff } from "./data";
import { grid } from "./parts";

const policy_words = (policy: string): string => named(`policy.${policy}`) ?? named(`sliders.policy.${policy}`) ?? policy;

const weights_words = (weights: string): string => named(`levers.weights.${weights}`) ?? weights;

function desk_words({ policy, max_chats, weights }: Desk): string {
  return say(weights === "given" ? "levers.desk" : "levers.desk.weights", { policy: policy_words(policy), n: number(max_chats), weights: weights_words(weights) });
}

function sentence({ better, best, given, set, check, on_duty_at_once: people }: Levers): HTMLElement[] {
  if (!better || !best) return [h("p", {}, say("levers.none", { given: desk_words(given) }))];
  const left = check?.abandonment;
  return [
    h("p", {}, say("levers.best", { best: desk_words(best), given: desk_words(given) }),
      left ? ` ${say("levers.left", { given: percent(left.given), best: percent(left.best) })}` : "",
      people && people.given !== null && people.best !== null ? ` ${say(people.given === people.best ? "levers.people.same" : "levers.people", { given: people.given, best: people.best })}` : ""),
    ...(set.length ? [h("pre", {}, h("code", {}, set.map((one) => `--set ${one}`).join(" ")))] : []),
  ];
}

export function levers(staff: Staff): HTMLElement[] {
  const found = staff.levers;
  if (!found) return [];
  const rows = [...found.compared].sort((a, b) => a.excess - b.excess)
    .map((one) => [policy_words(one.policy), number(one.max_chats), weights_words(one.weights), percent(one.excess)]);
  return [h("h3", {}, say("levers.title")), ...sentence(found),
    grid(say("levers.table", { n: found.settings }), [say("set.policy"), say("set.max_chats"), say("set.weight"), say("levers.excess")], rows, { words: true }),
    h("p", { class: "small quiet" }, say("levers.explain", { n: found.settings }))];
}
