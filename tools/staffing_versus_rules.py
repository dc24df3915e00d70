#!/usr/bin/env python3
"""What each rule of thumb would have cost generated shops: people, missed targets, yuan; results/staffing-versus-rules/ is what it wrote.

usage: staffing_versus_rules.py [options]
      --fenliu FILE    the program (default: $FENLIU, else fenliu on the path)
      --commit NAME    what it was built from, for the books (default: git's word on this file's folder)
      --shops N        shops to draw (default 206)
      --seed N         of the shops, and of their days (default 1)
      --jobs N         shops at a time (default 2); the answer does not depend on it
      --out DIR        where to write (default results/staffing-versus-rules); the shops that are in its shops.jsonl are not done again
      --scenario K     print shop K's scenario and stop

Each shop is drawn, given to `fenliu staff`, and its roster and those of the rules are simulated on the same days, none of which the search or its
proof has seen. A shop is a line of shops.jsonl as soon as it is done; the tables, README.md and people.svg are made of these lines alone.
"""
import argparse
import concurrent.futures
import csv
import io
import json
import math
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
FRESH_DAYS = 200
AMPLE, AMPLE_DAYS, AMPLE_MET = 100, 100, 96  # so many people in each group hold the target on so many of so many nights, or the shop is drawn again
DAY_PROBABILITY = 0.9
FRESH_SEEDS, AMPLE_SEEDS = 10**6, 2 * 10**6  # the fresh days of shop K: this + K; its search has K
CHATS_OF_A_NIGHT = (40, 500)
SHORTEST = 6             # shift, half hours
UNSERVED = 0.862069      # of the base conversion, without being served: the program's default, after Tan, Wang and Tan 2019
MORE_THAN = 1.2          # so many times the people or wages are called too many
LESS_THAN = 0.95         # so many times fenliu's wages are called less
RULES = {  # id: what is staffed by it, Chinese, English
    "trade_quoted": ("night", "行业公式(每人 576 个)", "trade formula, 576 each"),
    "trade_own": ("night", "行业公式,用自家数字", "trade formula, own figures"),
    "daily_120": ("night", "每人每天 120 个", "120 a day each"),
    "hourly_18": ("hour", "每人每小时 18 个", "18 an hour each"),
    "erlang_c": ("hour", "Erlang C(一次接一个)", "plain Erlang C"),
    "erlang_c_divided": ("hour", "Erlang C ÷ 同时接待数", "Erlang C, ÷ chats at once"),
    "erlang_c_factor": ("hour", "Erlang C ÷ 系数表", "Erlang C, ÷ table"),
    "divide_by_1_6": ("hour", "Erlang C 人数 ÷ 1.6", "Erlang C's people ÷ 1.6"),
    "square_root": ("hour", "平方根法则", "square root"),
}
FENLIU = "fenliu"


# ---- Shops -------------------------------------------------------------------------------------------------------------------------------------

DRAWN = """\
| what | drawn from | source |
| --- | --- | --- |
| night | three in ten an ordinary evening, two in ten the eve of a promotion at 00:00, five in ten an opening at 20:00; 6 to 8 hours | |
| chats on an ordinary day | 60 to 2500, evenly by its logarithm; kept where the night brings 40 to 500 | 39zn.cn reckons with 2500 (C) |
| promotion's multiplier | 3 to 15, evenly by its logarithm; by the measured curve of Double-12, or decaying within 1 to 3 hours | 1.85 to 4 are published (D, C), more is X |
| how unsure it is | half of the promotions: lognormal, sigma 0.1 to 0.3 | X |
| busyness of the day | half of the shops: lognormal, sigma 0.05 to 0.25 | large desks 0.06 (D), small 0.15 to 0.25 (X) |
| after-sales chats | 5 to 35 %; a quarter of the shops have a group of their own for them | X |
| rounds, pre-sale and after-sales | geometric, mean 2 to 6 and 4 to 9 | 5.5 turns, 20 messages (A, P) |
| composing a reply | lognormal, mean 8 to 25 s, after-sales 1 to 1.6 times that; sigma 0.5 to 0.8 | 5 s a quick phrase, 16 to 30 s a good desk's mean response (C) |
| thinking | lognormal, median 20 to 60 s, sigma 1.06 | 40 s (X), 80 to 90 % within 2 min (B) |
| patience | Weibull, scale 120 to 300 s, shape 1 to 2, twice that after the first answer; 30 to 70 % leave without a word | 60 % gone at 3 min (C); 0.30 to 0.71 (P) |
| chats at once | no limit, 3, 5, 8 or 40 | 3 to 5 western, 40 and more Chinese desks (C) |
| slowdown with several chats | half of the shops: 2 % a further chat, down to 0.85 | +18 % (P) |
| target | on 90 % of nights: 80 % answered within 3 min, nine in ten first answers within 60 or 90 s, at most 3, 5 or 8 % leave | taobao-2025 (B), others X |
| wage | CNY 15 to 28 an hour | 3000 to 5000 a month (S) |
| conversion, order value, margin | 0.25 to 0.40; CNY 40 to 300, evenly by its logarithm; 15 to 40 % | (C); X; X |
| conversion lost | 10 % a minute of first response; who is not served buys with 86 % of the probability | talkq.vip, illustrative (C); Tan, Wang and Tan 2019 (P) |
| shifts | from every half hour, 3 h to the whole night | |
"""


class Draw:
    """Draws of one shop. From random() alone, whose values no version of Python changes."""

    def __init__(self, *address):
        self.random = random.Random("/".join(map(str, address))).random

    def between(self, low, high, digits=3):
        return round(low + (high - low) * self.random(), digits)

    def by_logarithm(self, low, high, digits=1):
        return round(low * (high / low) ** self.random(), digits)

    def one_of(self, *values):
        return values[int(self.random() * len(values))]

    def happens(self, probability):
        return self.random() < probability


def draw_traffic(draw):
    """The traffic, and the hour of day and the length of the night."""
    traffic = {"chats_per_day": draw.by_logarithm(60, 2500, 0), "profile": "marketplace"}
    if draw.happens(0.5):
        traffic["busyness"] = {"day": {"lognormal_sigma": draw.between(0.05, 0.25)}}
    at = draw.random()
    hours = draw.one_of(6, 7, 8)
    if at < 0.3:
        return traffic, draw.one_of(16, 17, 18), hours
    promotion = {"name": "opening", "multiplier": draw.by_logarithm(3, 15)}
    if draw.happens(0.5):
        promotion["multiplier_sigma"] = draw.between(0.1, 0.3)
    traffic["promotions"] = [promotion]
    if at < 0.5:
        promotion.update(opens_at="2026-06-18T00:00", shape="double12")
        return traffic, 26 - hours, hours  # until 02:00
    promotion.update(opens_at="2026-06-17T20:00", shape="double12")
    if draw.happens(0.5):
        promotion.update(shape="decay", decay=f"{draw.between(60, 180, 0):.0f}m")
    return traffic, draw.one_of(18, 19, 20), hours


def draw_intents(draw):
    after = draw.between(0.05, 0.35)
    reply_s, sigma = draw.between(8, 25), draw.between(0.5, 0.8)
    slower = draw.between(1, 1.6)

    def intent(name, phase, share, rounds, mean_s):
        median_ms = round(1000 * mean_s / math.exp(sigma * sigma / 2))
        return {"name": name, "phase": phase, "share": share, "rounds": {"geometric": rounds},
                "reply": {"total": {"lognormal": {"median": f"{median_ms}ms", "sigma": sigma}}}}

    return [intent("question", "pre_sale", round(1 - after, 3), draw.between(2, 6, 1), reply_s),
            intent("complaint", "after_sale", after, draw.between(4, 9, 1), reply_s * slower)]


def draw_scenario(seed, shop, attempt):
    draw = Draw(seed, shop, attempt)
    traffic, hour, hours = draw_traffic(draw)
    intents = draw_intents(draw)
    scale, shape = draw.between(120, 300, 0), draw.between(1, 2)
    buyers = {"intents": intents,
              "think_time": {"lognormal": {"median": f"{draw.between(20, 60, 0):.0f}s", "sigma": 1.06}},
              "patience": {"first": {"weibull": {"scale": f"{scale:.0f}s", "shape": shape}},
                           "later": {"weibull": {"scale": f"{2 * scale:.0f}s", "shape": shape}}, "silent_share": draw.between(0.3, 0.7)}}
    at_once = draw.one_of(None, 3, 5, 8, 40)
    desk = {"agents": [{"name": "agent", "max_chats": at_once}], "close": {"when_done": "20s", "silence": "2m"}}
    if draw.happens(0.5):
        desk["multitasking"] = {"speed_by_open": [round(max(0.85, 1 - 0.02 * chats), 2) for chats in range(9)]}
    if draw.happens(0.25):
        desk["groups"] = [{"name": intent["phase"], "intents": [intent["name"]]} for intent in intents]
        desk["agents"] = [{"name": f"agent {group['name']}", "groups": [group["name"]], "max_chats": at_once} for group in desk["groups"]]
    return {"fenliu": 1, "name": f"shop {shop}", "start": f"2026-06-17T{hour:02}:00", "duration": f"{hours}h", "interval": "30m",
            "traffic": traffic, "buyers": buyers, "desk": desk, "routing": {"policy": "least_active"},
            "objectives": {"reply_rate_3min": ">= 0.80", "first_response_s.p90": f"<= {draw.one_of(60, 90)}",
                           "abandonment": f"<= {draw.one_of(0.03, 0.05, 0.08)}"},
            "money": {"wage_cny_per_hour": draw.between(15, 28, 1), "order_value_cny": draw.by_logarithm(40, 300, 0), "margin": draw.between(0.15, 0.4),
                      "conversion": {"base": draw.between(0.25, 0.4), "unserved": UNSERVED, "first_response_loss_per_min": 0.1}},
            "staffing": {"step": "30m", "length_min": "3h", "length_max": f"{hours}h", "day_probability": DAY_PROBABILITY, "confidence": 0.95}}


def expected_chats(program, path):
    said = program.run("check", path)
    return float(next(words[at - 1] for words in map(str.split, said.splitlines()) for at, word in enumerate(words) if word.startswith("expected")))


def is_reachable(program, path, scenario, shop):
    """Whether people in plenty hold the target with something to spare."""
    night = 2 * int(scenario["duration"][:-1])
    groups = [group["name"] for group in scenario["desk"].get("groups", [{"name": "all"}])]
    path.write_text(json.dumps(with_roster(scenario, [(group, 0, night, AMPLE) for group in groups])), encoding="utf-8")
    return simulated(program, path, AMPLE_SEEDS + shop, AMPLE_DAYS)["days_met"] >= AMPLE_MET


def draw_shop(program, seed, shop, folder):
    """Writes the scenario there. A night of too few chats to mean anything, of too many to simulate here, or a target that nobody could hold, is
    drawn again."""
    path = folder / "shop.json"
    for attempt in range(1000):
        scenario = draw_scenario(seed, shop, attempt)
        path.write_text(json.dumps(scenario), encoding="utf-8")
        if not CHATS_OF_A_NIGHT[0] <= expected_chats(program, path) <= CHATS_OF_A_NIGHT[1] or not is_reachable(program, path, scenario, shop):
            continue
        path.write_text(json.dumps(scenario), encoding="utf-8")
        return path, scenario, attempt + 1
    raise RuntimeError(f"shop {shop}: none of a thousand draws will do")


# ---- Rules, asked of each half hour ------------------------------------------------------------------------------------------------------------


def erlang_c_people(rate_per_h, length_s):
    """Fewest servers with four in five served within 20 s; Erlang C, by the recursion for Erlang B."""
    load = rate_per_h * length_s / 3600
    blocked, people = 1.0, 0
    while True:
        people += 1
        blocked = load * blocked / (people + load * blocked)
        if people > load:
            waits = blocked / (1 - load / people * (1 - blocked))
            if 1 - waits * math.exp(-(people - load) * 20 / length_s) >= 0.8:
                return people


def concurrency_factor(at_once):
    worth = (1, 1.7, 2.5, 2.9, 3.5)
    below = min(int(at_once), len(worth)) - 1
    return worth[below] if below + 1 == len(worth) else worth[below] + (worth[below + 1] - worth[below]) * (at_once - int(at_once))


def facts_of(intents):
    """Rounds of a chat, seconds to compose a reply and until the buyer writes again, of these intents."""
    share = sum(intent["share"] for intent in intents)
    rounds = sum(intent["share"] * intent["rounds"]["geometric"] for intent in intents)
    composing = 0
    for intent in intents:
        law = intent["reply"]["total"]["lognormal"]
        composing += intent["share"] * intent["rounds"]["geometric"] * float(law["median"][:-2]) / 1000 * math.exp(law["sigma"] ** 2 / 2)
    return rounds / share, composing / rounds


def people_by(rule, chats, rate_per_h, facts, at_once):
    """People that the rule asks for where so many come in a night, or in an hour: rules_of_thumb.h."""
    rounds, reply_s, think_s = facts
    chat_s = rounds * reply_s + (rounds - 1) * think_s
    if rule == "trade_quoted":
        return math.ceil(chats / 576)
    if rule == "trade_own":
        return math.ceil(chats / (3600 * 8 / (rounds * reply_s)))
    if rule == "daily_120":
        return math.ceil(chats / 120)
    if rule == "hourly_18":
        return math.ceil(rate_per_h / 18)
    if rule == "square_root":
        load = rate_per_h / 3600 * chat_s / at_once
        return max(1, math.ceil(load + math.sqrt(load)))
    if rule == "divide_by_1_6":
        return math.ceil(erlang_c_people(rate_per_h, chat_s) / 1.6)
    return erlang_c_people(rate_per_h, chat_s / {"erlang_c": 1, "erlang_c_divided": at_once, "erlang_c_factor": concurrency_factor(at_once)}[rule])


def cover(required, shortest):
    """Cheapest shifts, {(from, to): people} in half hours, that have required[i] people on duty in each half hour i.

    Shifts are intervals, so the differences of successive constraints are a flow from the first to the last half hour: a person goes by a shift,
    at its length, or idly by a half hour, for nothing, and at least required[i] must not idle in half hour i. Twice as many go as are ever required,
    for shifts that overlap. Cheapest ways one after the other, by Bellman and Ford: the graph has seventeen nodes."""
    slots, go = len(required), 2 * max(required)
    arcs = [[slot, slot + 1, 0, go - required[slot], 0] for slot in range(slots)]  # from, to, cost, room, flow
    arcs += [[start, end, end - start, go, 0] for start in range(slots) for end in range(start + shortest, slots + 1)]
    for _ in range(go):
        cost, by = [0] + [math.inf] * slots, [None] * (slots + 1)
        changed = True
        while changed:
            changed = False
            for arc in arcs:
                for at, to, price, room, step in ((arc[0], arc[1], arc[2], arc[3] - arc[4], 1), (arc[1], arc[0], -arc[2], arc[4], -1)):
                    if room > 0 and cost[at] + price < cost[to]:
                        cost[to], by[to], changed = cost[at] + price, (arc, step, at), True
        node = slots
        while node:
            arc, step, node = by[node]
            arc[4] += step
    return {(start, end): flow for start, end, price, _, flow in arcs if price and flow}


def rule_roster(rule, scenario, arrivals, at_once):
    """[(group, from, to, people)], in half hours, by the rule: all night, or asked of each half hour and put on the cheapest of the shifts that
    fenliu may choose from. Each group is a desk of its own. arrivals: of each group, the mean chats of each half hour."""
    intents = scenario["buyers"]["intents"]
    median_s = float(scenario["buyers"]["think_time"]["lognormal"]["median"][:-1])
    think_s = median_s * math.exp(1.06**2 / 2)
    roster = []
    for group, chats in arrivals.items():
        mine = [intent for intent in intents if group in ("all", intent["phase"])]
        facts = (*facts_of(mine), think_s)
        if RULES[rule][0] == "night":
            roster.append((group, 0, len(chats), people_by(rule, sum(chats), None, facts, at_once)))
            continue
        required = [people_by(rule, None, 2 * each, facts, at_once) if each > 0 else 1 for each in chats]
        roster += [(group, start, end, people) for (start, end), people in cover(required, SHORTEST).items()]
    return roster


# ---- Rosters, simulated ------------------------------------------------------------------------------------------------------------------------


class Program:
    def __init__(self, path):
        self.path = path

    def run(self, *arguments, allowed=(0,)):
        run = subprocess.run([self.path, *map(str, arguments)], capture_output=True, text=True, encoding="utf-8")
        if run.returncode not in allowed:
            raise RuntimeError(f"{' '.join(map(str, arguments))}: exit code {run.returncode}: {run.stderr.strip()}")
        return run.stdout


def peak(roster):
    return max(sum(people for _, start, end, people in roster if start <= begins < end) for _, begins, _, _ in roster)


def with_roster(scenario, roster):
    like = scenario["desk"]["agents"][0]
    spans = sorted({(start, end) for _, start, end, _ in roster})
    desk = dict(scenario["desk"], shifts=[{"name": f"{start}-{end}", "from": f"+{30 * start}m", "to": f"+{30 * end}m"} for start, end in spans])
    desk["agents"] = [{"name": f"{group} {start}-{end}", "count": people, "max_chats": like["max_chats"], "shift": f"{start}-{end}"}
                      | ({"groups": [group]} if "groups" in desk else {}) for group, start, end, people in roster]
    return dict(scenario, desk=desk)


def simulated(program, path, seed, days, *more):
    return json.loads(program.run("simulate", path, "--json", "-q", "-j", 1, "-n", days, "-s", seed, *more, allowed=(0, 1)))


def row(scenario, summary, people):
    """What is kept of a roster. profit_if_lost_cny: had who was never answered bought nothing at all."""
    total = {name: figure["mean"] for name, figure in summary["totals"].items()}
    money, groups = scenario["money"], {group["name"]: group["totals"] for group in summary["groups"]}
    inquiries = scenario["buyers"]["intents"][0]["share"]
    desk = groups["pre_sale"] if "pre_sale" in groups else summary["totals"]
    lost = sum(desk[name]["mean"] for name in ("chats_abandoned", "chats_rejected", "chats_unserved")) * (1 if "pre_sale" in groups else inquiries)
    bought = lost * money["conversion"]["base"] * UNSERVED * money["order_value_cny"] * money["margin"]
    return {"people": people, "days_met": summary["days_met"], "abandonment": total["abandonment"], "wages_cny": total["wages_cny"],
            "lost_margin_cny": total["lost_sales_cny"] * money["margin"], "profit_cny": total["profit_cny"], "profit_if_lost_cny": total["profit_cny"] - bought}


def arrivals_of(run_folder):
    """{group: [mean chats of each half hour]} of the simulated nights: a forecast better than any owner's, the same for all rules."""
    arrivals = {}
    with open(run_folder / "intervals.csv", encoding="utf-8", newline="") as lines:
        for line in csv.DictReader(lines):
            if line["group"] != "*":
                arrivals.setdefault(line["group"], []).append(float(line["chats_offered"]))
    return arrivals


def do_shop(program, commit, seed, shop):
    with tempfile.TemporaryDirectory(prefix="fenliu-rules-") as name:
        folder = pathlib.Path(name)
        path, scenario, attempts = draw_shop(program, seed, shop, folder)
        line = {"shop": shop, "seed": seed, "commit": commit, "fresh_days": FRESH_DAYS, "attempts": attempts}
        plan = folder / "plan.json"
        said = json.loads(program.run("staff", path, "--json", "-q", "-j", 1, "-s", shop, "--plan", plan, allowed=(0, 1)))
        line |= {"proven": said["proven"], "met": said["probability_met"]}
        if not said["proven"]:
            return line
        fresh = FRESH_SEEDS + shop
        summary = simulated(program, plan, fresh, FRESH_DAYS, "-o", folder / "run")
        arrivals, at_once = arrivals_of(folder / "run"), max(1, summary["totals"]["open_chats"]["p95"])
        line |= {"chats": round(sum(map(sum, arrivals.values())), 3), "peak_per_hour": said["peak_chats_per_hour"], "at_once": at_once,
                 "hours": int(scenario["duration"][:-1]), "wage": scenario["money"]["wage_cny_per_hour"],
                 "groups": len(arrivals), "promotion": "promotions" in scenario["traffic"],
                 "says": {rule["rule"]: rule["people"] for rule in said["rules_of_thumb"]}}
        line["answers"] = {FENLIU: row(scenario, summary, said["headcount"]["on_duty_at_once"])}
        done = {}
        for rule in RULES:
            roster = rule_roster(rule, scenario, arrivals, at_once)
            text = json.dumps(with_roster(scenario, roster))
            if text not in done:
                path.write_text(text, encoding="utf-8")
                done[text] = row(scenario, simulated(program, path, fresh, FRESH_DAYS), peak(roster))
            line["answers"][rule] = done[text]
        return line


def kept_lines(path, seed):
    """{shop: line} of an earlier run; a torn last line, where that was interrupted, is cut off."""
    if not path.exists():
        return {}
    whole, end, torn = path.read_text(encoding="utf-8").rpartition("\n")
    if torn:
        path.write_text(whole + end, encoding="utf-8")
    lines = map(json.loads, whole.splitlines())
    return {line["shop"]: line for line in lines if line["seed"] == seed}


def do_shops(arguments, program, kept):
    """Adds to the file what is missing in it."""
    lines = kept_lines(kept, arguments.seed)
    missing = [shop for shop in range(1, arguments.shops + 1) if shop not in lines]
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool, open(kept, "a", encoding="utf-8") as out:
        for line in pool.map(lambda shop: do_shop(program, arguments.commit, arguments.seed, shop), missing):
            out.write(json.dumps(line) + "\n")
            out.flush()
            lines[line["shop"]] = line
            print(f"shop {line['shop']} of {arguments.shops}", file=sys.stderr)
    return [lines[shop] for shop in range(1, arguments.shops + 1)]


# ---- What they come to -------------------------------------------------------------------------------------------------------------------------


def binomial_below(most, trials, probability):
    """Probability of `most` successes or fewer."""
    if probability >= 1:
        return float(most >= trials)
    odds, total = (1 - probability) ** trials, 0.0
    for successes in range(most + 1):
        total += odds
        odds *= (trials - successes) / (successes + 1) * probability / (1 - probability)
    return total


def share_interval(part, whole):
    """Wilson's interval, 95 %."""
    z, share = 1.959964, part / whole
    middle, spread = share + z * z / (2 * whole), z * math.sqrt(share * (1 - share) / whole + z * z / (4 * whole * whole))
    return [max(0.0, (middle - spread) / (1 + z * z / whole)), min(1.0, (middle + spread) / (1 + z * z / whole))]


def quantile(values, share):
    ordered, at = sorted(values), share * (len(values) - 1)
    below = min(int(at), len(ordered) - 2) if len(ordered) > 1 else 0
    above = ordered[min(below + 1, len(ordered) - 1)]
    return ordered[below] + (above - ordered[below]) * (at - below)


def median_interval(values):
    """95 % by order statistics: whatever the distribution is."""
    ordered, count = sorted(values), len(values)
    outside = 0
    while outside + 1 < count // 2 and binomial_below(outside, count, 0.5) <= 0.025:
        outside += 1
    at = max(outside - 1, 0)
    return [ordered[at], ordered[count - 1 - at]]


def misses(answer, fresh_days):
    return answer["days_met"] < DAY_PROBABILITY * fresh_days


def cheapest_that_holds(line):
    """Least wages of all rosters of the shop that hold the target, fenliu's or a rule's; infinite when none does."""
    return min((answer["wages_cny"] for answer in line["answers"].values() if not misses(answer, line["fresh_days"])), default=math.inf)


def is_right(line, name):
    answer = line["answers"][name]
    return not misses(answer, line["fresh_days"]) and answer["wages_cny"] <= MORE_THAN * cheapest_that_holds(line)


def holds_for_less(line, name):
    answer = line["answers"][name]
    return not misses(answer, line["fresh_days"]) and answer["wages_cny"] < LESS_THAN * line["answers"][FENLIU]["wages_cny"]


def figures_of(name, lines):
    """All figures of one rule, or of fenliu, by their names in rules.csv. Yuan are a night, and what fenliu's roster leaves more than this one."""
    pairs = [(line["answers"][name], line["answers"][FENLIU], line["fresh_days"]) for line in lines]
    people = [answer["people"] / ours["people"] for answer, ours, _ in pairs]
    wages = [answer["wages_cny"] / ours["wages_cny"] for answer, ours, _ in pairs]
    figures = {"shops": len(pairs), "people_median": statistics.median(people), "people_p5": quantile(people, 0.05), "people_p95": quantile(people, 0.95),
               "wages_median": statistics.median(wages)}
    shares = {"misses": [misses(answer, days) for answer, _, days in pairs],
              "surely_misses": [binomial_below(answer["days_met"], days, DAY_PROBABILITY) <= 0.05 for answer, _, days in pairs],
              "too_many_people": [ratio > MORE_THAN for ratio in people], "too_much_wages": [ratio > MORE_THAN for ratio in wages],
              "right": [is_right(line, name) for line in lines], "holds_for_less": [holds_for_less(line, name) for line in lines]}
    for key, truths in shares.items():
        figures[key] = sum(truths) / len(truths)
        figures[f"{key}_low"], figures[f"{key}_high"] = share_interval(sum(truths), len(truths))
    for key, yuan in {"wages_cny": [answer["wages_cny"] - ours["wages_cny"] for answer, ours, _ in pairs],
                      "lost_margin_cny": [answer["lost_margin_cny"] - ours["lost_margin_cny"] for answer, ours, _ in pairs],
                      "all_cny": [ours["profit_cny"] - answer["profit_cny"] for answer, ours, _ in pairs],
                      "all_if_lost_cny": [ours["profit_if_lost_cny"] - answer["profit_if_lost_cny"] for answer, ours, _ in pairs]}.items():
        figures[f"{key}_median"], figures[f"{key}_p90"] = statistics.median(yuan), quantile(yuan, 0.9)
        figures[f"{key}_median_low"], figures[f"{key}_median_high"] = median_interval(yuan)
        figures[f"{key}_cheaper"] = sum(each < 0 for each in yuan) / len(yuan)
    return figures


def percent(share):
    """Whole, but neither none nor all of them where it is a few."""
    return f"{100 * share:.1f} %" if 0 < share < 0.01 or 0.99 < share < 1 else f"{100 * share:.0f} %"


def yuan(value):
    return "0" if abs(value) < 0.5 else f"{value:+.0f}"


def with_interval(figures, key):
    return f"{percent(figures[key])} ({100 * figures[key + '_low']:.0f} to {100 * figures[key + '_high']:.0f})"


def name_of(rule):
    return rule if rule == FENLIU else RULES[rule][2]


def finding(figures, shops):
    best = max(RULES, key=lambda rule: figures[rule]["right"])
    erlang, trade = figures["erlang_c"], figures["trade_quoted"]
    return (
        f"Of {shops} generated shops the best rule of thumb ({name_of(best)}) is right in {percent(figures[best]['right'])}: it holds the target for no more "
        f"than a fifth above\nthe least wages that do, of all ten. fenliu is in {percent(figures[FENLIU]['right'])}. Plain Erlang C holds the target in "
        f"{percent(1 - erlang['misses'])} of them with {erlang['people_median']:.1f} times the people (median), for CNY {erlang['wages_cny_median']:.0f} a "
        f"night\nmore in wages; the trade formula misses it in {percent(trade['misses'])}.\n")


def rules_table(figures):
    rows = ["| by | people on duty at the peak, times fenliu's: median (5 to 95 % of shops) | wages, times fenliu's: median | misses the target in (95 %) | "
            "surely misses it in | a fifth more people in | a fifth more wages in | holds it for 5 % less wages in | right in (95 %) |",
            "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"]
    for name in (*RULES, FENLIU):
        of = figures[name]
        rows.append(f"| {name_of(name)} | {of['people_median']:.2f} ({of['people_p5']:.2f} to {of['people_p95']:.2f}) | {of['wages_median']:.2f} | "
                    f"{with_interval(of, 'misses')} | {percent(of['surely_misses'])} | {percent(of['too_many_people'])} | {percent(of['too_much_wages'])} | "
                    f"{percent(of['holds_for_less'])} | {with_interval(of, 'right')} |")
    return "\n".join(rows)


def money_table(figures):
    rows = ["| by | wages: median | lost margin: median | both: median (95 %) | 90th percentile | less than fenliu in | if who leaves buys nothing: median (95 %) | "
            "90th percentile | less than fenliu in |", "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"]
    for name in RULES:
        of, cells = figures[name], []
        for key in ("all_cny", "all_if_lost_cny"):
            cells.append(f"{yuan(of[key + '_median'])} ({yuan(of[key + '_median_low'])} to {yuan(of[key + '_median_high'])}) | {yuan(of[key + '_p90'])} | "
                         f"{percent(of[key + '_cheaper'])}")
        rows.append(f"| {name_of(name)} | {yuan(of['wages_cny_median'])} | {yuan(of['lost_margin_cny_median'])} | {' | '.join(cells)} |")
    return "\n".join(rows)


def sizes_table(lines):
    """Where each is right, by how many chats the night has: a third of the shops in each column."""
    ordered = sorted(lines, key=lambda line: line["chats"])
    parts = min(3, len(ordered))
    thirds = [ordered[len(ordered) * part // parts : len(ordered) * (part + 1) // parts] for part in range(parts)]
    heads = [f"{third[0]['chats']:.0f} to {third[-1]['chats']:.0f} chats" for third in thirds]
    rows = [f"| right by | {' | '.join(heads)} |", "| --- |" + " --- |" * parts]
    for name in (*RULES, FENLIU):
        cells = [percent(sum(is_right(line, name) for line in third) / len(third)) for third in thirds]
        rows.append(f"| {name_of(name)} | {' | '.join(cells)} |")
    return "\n".join(rows)


def readme(arguments, lines, measured, figures):
    days = FRESH_DAYS
    below = sum(misses(line["answers"][FENLIU], line["fresh_days"]) for line in measured)
    by_chance = sum(binomial_below(math.ceil(DAY_PROBABILITY * line["fresh_days"]) - 1, line["fresh_days"], line["met"]["mean"]) for line in measured)
    beaten = [line for line in measured if any(holds_for_less(line, rule) for rule in RULES)]
    worst_said = ""
    if beaten:
        worst = max(beaten, key=lambda line: line["answers"][FENLIU]["wages_cny"] / cheapest_that_holds(line))
        worst_said = (f", worst in shop {worst['shop']}, CNY {worst['answers'][FENLIU]['wages_cny']:.0f} where {cheapest_that_holds(worst):.0f} do")
    own = figures["trade_own"]
    sizes, people = [line["chats"] for line in measured], [line["answers"][FENLIU]["people"] for line in measured]
    draws = sum(line["attempts"] for line in lines)
    return f"""{finding(figures, len(measured))}
![People on duty at the peak by each rule, relative to fenliu's, and whether the target is held](people.svg)

Each bar is shops: above its line those where the rule holds the target, below it those where it misses.

{rules_table(figures)}

- **The target** is to be held on 90 % of nights. It is missed by who holds it on fewer than {days * 9 // 10} of {days} fresh nights, the same for all rosters of a
  shop and none of them seen by fenliu's search or its proof; *surely*, where that would happen to a roster of exactly 90 % in at most one case in twenty.
- **Right** is who holds the target and pays at most a fifth more wages than the cheapest roster that holds it, fenliu's or any rule's. Many rules have their
  tries at being the cheapest, some by luck: this is strict with everybody, fenliu too.
- **fenliu by the same measure**: of its {len(measured)} rosters {below} held the target on fewer than {days * 9 // 10} of {days} nights; had all been just as good as their proofs
  found them, {by_chance:.1f} would have, by chance. Whole people and whole shifts put most of them well above 90 %.
- **fenliu is not the cheapest everywhere**: in {len(beaten)} of {len(measured)} shops some rule holds the target for at least {100 - 100 * LESS_THAN:.0f} % less
  wages{worst_said}. With so many shifts to choose from its search is local; it claims no more
  (`search.cheapest` in its JSON).
- **The median of a rule hides** that it is too many for one shop and too few for the next: look at the range. No single factor repairs that.

## Yuan a night more than fenliu

{money_table(figures)}

Sales alone do not pay for the target: at the loss that is published (who is not served still buys with 86 % of the probability, a minute's wait takes a
tenth off it) the trade formula with the shop's own figures leaves more than fenliu in {percent(own['all_cny_cheaper'])} of shops, though it misses the target in {percent(own['misses'])}. If nobody
bought who leaves without an answer, in {percent(own['all_if_lost_cny_cheaper'])}. What a platform's penalty, its ranking or a buyer's anger cost is in neither. fenliu looks for the cheapest
wages that hold the target, not for the most profit.

## By size

{sizes_table(measured)}

## How it was done

fenliu: `staff` as it comes, 1000 nights of proof. Rules that know only the day's total (the trade formula, 120 a day) give so many people, all night. Rules that know
the hour are asked of each half hour, at the mean chats of the simulated nights, a forecast better than any owner's; their people are put on the
cheapest shifts of the very choice that fenliu has (so one rule's peak can lie above what it asks for). Where after-sales has its own group, each group is asked as
a desk of its own. Chats at once, which three rules need, are the 95th percentile of an agent's open chats under fenliu's roster: an owner who
has no simulator reads something else off his panel. Kept all night at the number of the peak, rules of the hour would cost more than here.

Shops, drawn independently. A night of too few or too many chats, or a target that {AMPLE} people a group do not hold on {AMPLE_MET} of {AMPLE_DAYS} nights, is drawn again: {draws}
draws for {len(lines)} shops. Left out of all figures are shops for which fenliu proved no roster: {len(lines) - len(measured)}. {sum(line['promotion'] for line in measured)} nights of the {len(measured)} have a promotion, {sum(line['groups'] == 2 for line in measured)} two
groups; {min(sizes):.0f} to {max(sizes):.0f} chats a night, median {statistics.median(sizes):.0f}. S, A, B, C, D, P and X grade the sources as in `scenarios/README.md`.

{DRAWN}
## What falls short

Shops are simulated, by the program whose rosters are judged: a rule that knew something about real shops that the model leaves out would get no credit. The
ranges are ours, and shares and medians are of these ranges. Shops whose target nobody could hold are left out. Everybody works at the same speed, nobody is absent, and
forecasts are right but for chance. Nights are of at most {CHATS_OF_A_NIGHT[1]} chats, on which fenliu's answer is of {min(people)} to {max(people)} people, {statistics.median(people):.0f} in half of the shops or fewer; of
larger desks nothing is shown here.

| file | what |
| --- | --- |
| `shops.jsonl` | a line a shop: every roster's people, nights held, share that left, wages, lost margin and profit |
| `rules.csv` | all figures of the tables, with the commit |
| `people.svg` | the picture |

Made anew, from the project's folder (commit {measured[0]['commit']}, seed {arguments.seed}; some six minutes of processor time; stopped and called again, it goes on):

    FENLIU=build/release/fenliu python3 tools/staffing_versus_rules.py --shops {len(lines)} --seed {arguments.seed}

`--scenario K` prints shop K's scenario. The lines in `shops.jsonl` are kept: remove the file to simulate them again.
"""


def rules_csv(arguments, lines, figures):
    out = io.StringIO()
    columns = list(figures[FENLIU])
    table = csv.writer(out, lineterminator="\n")
    table.writerow(["rule", "commit", "seed", *columns])
    for name in (*RULES, FENLIU):
        table.writerow([name, lines[0]["commit"], arguments.seed, *(format(figures[name][column], ".6g") for column in columns)])
    return out.getvalue()


# ---- The picture -------------------------------------------------------------------------------------------------------------------------------

WIDE, LEFT, RIGHT, TOP, ROW, HALF = 420, 14, 406, 104, 98, 30  # of the viewBox, as wide as a telephone
OCTAVES, BINS = 3.5, 28  # the axis goes from 2^-3.5 to 2^3.5; what is beyond is in the first or last bin
STYLE = """
  text { font-family: system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", "WenQuanYi Zen Hei", sans-serif; font-size: 12px; fill: #1f2328 }
  .title { font-size: 15px; font-weight: 600 } .rule { font-size: 13px; font-weight: 600 } .quiet { fill: #59636e }
  .end { text-anchor: end } .middle { text-anchor: middle }
  .ground { fill: #ffffff } .grid { stroke: #d1d9e0; stroke-width: 1 } .line { stroke: #59636e; stroke-width: 1 } .ours { stroke: #1f2328; stroke-width: 1.5; stroke-dasharray: 4 3 }
  .holds { fill: #1a7f8c } .misses { fill: #d1542c }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } .quiet { fill: #9198a1 } .ground { fill: #0d1117 } .grid { stroke: #3d444d } .line { stroke: #9198a1 } .ours { stroke: #f0f6fc }
    .holds { fill: #4cc3d0 } .misses { fill: #f58a62 }
  }"""


def x_of(ratio):
    at = min(max(math.log2(ratio), -OCTAVES), OCTAVES)
    return LEFT + (RIGHT - LEFT) * (at + OCTAVES) / (2 * OCTAVES)


def bins_of(rule, lines):
    """Shops in each bin of the axis: those that hold the target, those that miss."""
    holds, missed = [0] * BINS, [0] * BINS
    for line in lines:
        answer, ours = line["answers"][rule], line["answers"][FENLIU]
        # A bin is centred on its ratio, so that a shop with just fenliu's people stands on its line.
        at = round((math.log2(answer["people"] / ours["people"]) + OCTAVES) * BINS / (2 * OCTAVES))
        (missed if misses(answer, line["fresh_days"]) else holds)[min(max(at, 0), BINS - 1)] += 1
    return holds, missed


def bars(counts, most, line_y, up):
    width = (RIGHT - LEFT) / BINS
    path = []
    for at, count in enumerate(counts):
        if count:
            height = HALF * count / most
            path.append(f"M{LEFT + (at - 0.5) * width + 1:.1f} {line_y}v{-height if up else height:.1f}h{width - 2:.1f}v{height if up else -height:.1f}z")
    return "".join(path)


def picture(lines, figures):
    rows = {rule: bins_of(rule, lines) for rule in RULES}
    most = max(max(map(max, sides)) for sides in rows.values())
    bottom = TOP + ROW * len(RULES)
    tall = bottom + 74
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {tall}" width="{WIDE}" height="{tall}" role="img">',
           "<title>People on duty at the peak by each rule of thumb, relative to fenliu's</title>", f"<style>{STYLE}\n</style>",
           f'<rect class="ground" width="{WIDE}" height="{tall}"/>',
           f'<text class="title" x="{LEFT}" y="24">{len(lines)} 家店:经验法要多少人,达不达标</text>',
           f'<text class="title" x="{LEFT}" y="44">{len(lines)} shops: people by rules of thumb</text>',
           f'<rect class="holds" x="{LEFT}" y="58" width="12" height="12"/><text x="{LEFT + 18}" y="68">达标 · holds the target (upward)</text>',
           f'<rect class="misses" x="{LEFT}" y="76" width="12" height="12"/><text x="{LEFT + 18}" y="86">不达标 · misses it (downward)</text>',
           f'<path class="line" d="M330 {88}v{-HALF * 50 / most:.1f}"/><text class="quiet" x="336" y="86">50 家 shops</text>' if most >= 50 else ""]
    for octave in range(-3, 4):
        x, label = x_of(2.0**octave), f"1/{2 ** -octave}" if octave < 0 else f"{2 ** octave}"
        out.append(f'<path class="{"ours" if octave == 0 else "grid"}" d="M{x:.1f} {TOP}V{bottom + 4}"/>')
        out.append(f'<text class="middle" x="{x:.1f}" y="{bottom + 20}">{label}</text>')
    for at, (rule, (holds, missed)) in enumerate(rows.items()):
        y, line_y = TOP + ROW * at, TOP + ROW * at + ROW - HALF - 2
        out.append(f'<text class="rule" x="{LEFT}" y="{y + 16}">{RULES[rule][1]}</text><text class="quiet" x="{LEFT}" y="{y + 31}">{RULES[rule][2]}</text>')
        out.append(f'<text class="end" x="{RIGHT}" y="{y + 16}">不达标 misses {percent(figures[rule]["misses"])}</text>')
        out.append(f'<path class="line" d="M{LEFT} {line_y}H{RIGHT}"/>')
        out.append(f'<path class="holds" d="{bars(holds, most, line_y, True)}"/><path class="misses" d="{bars(missed, most, line_y, False)}"/>')
    out += [f'<text class="middle" x="{(LEFT + RIGHT) / 2:.0f}" y="{bottom + 40}">高峰在岗人数,fenliu = 1(它自己不达标 {percent(figures[FENLIU]["misses"])})</text>',
            f'<text class="middle" x="{(LEFT + RIGHT) / 2:.0f}" y="{bottom + 58}">people at the peak, fenliu = 1 (itself misses {percent(figures[FENLIU]["misses"])})</text>',
            "</svg>", ""]
    return "\n".join(out)


def write_whole(path, text):
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def write_results(arguments, lines):
    measured = [line for line in lines if line["proven"]]
    if not measured:
        raise SystemExit("no shop with a proven roster: nothing to report")
    figures = {name: figures_of(name, measured) for name in (*RULES, FENLIU)}
    write_whole(arguments.out / "rules.csv", rules_csv(arguments, measured, figures))
    write_whole(arguments.out / "people.svg", picture(measured, figures))
    write_whole(arguments.out / "README.md", readme(arguments, lines, measured, figures))


# ---- Command -----------------------------------------------------------------------------------------------------------------------------------


def commit_here():
    run = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    return run.stdout.strip() or "unknown"


def read_arguments():
    parser = argparse.ArgumentParser(usage=__doc__, add_help=True)
    parser.add_argument("--fenliu", default=os.environ.get("FENLIU", "fenliu"))
    parser.add_argument("--commit", default=commit_here())
    parser.add_argument("--shops", type=int, default=206)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "results" / "staffing-versus-rules")
    parser.add_argument("--scenario", type=int)
    return parser.parse_args()


def main():
    arguments = read_arguments()
    program = Program(arguments.fenliu)
    if arguments.scenario:
        with tempfile.TemporaryDirectory(prefix="fenliu-rules-") as name:
            print(json.dumps(draw_shop(program, arguments.seed, arguments.scenario, pathlib.Path(name))[1], indent=2))
        return
    arguments.out.mkdir(parents=True, exist_ok=True)
    write_results(arguments, do_shops(arguments, program, arguments.out / "shops.jsonl"))


if __name__ == "__main__":
    main()
