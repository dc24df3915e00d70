#!/usr/bin/env python3
"""fenliu staff --levers on desks where it is known which setting is the best, and on one where none is."""
import json
import os
import pathlib
import sys
import tempfile

from _staff import answer_and_screen, columns, expect

# Composing slows to a third from the third chat on: one chat leaves her idle while the buyer thinks, two keep her busy, more choke her.
CHOKED = {
    "fenliu": 1, "name": "choked", "start": "2026-06-17T18:00", "duration": "3h", "interval": "30m", "seed": "7",
    "traffic": {"rate": {"points": [["+0h", 120]]}},
    "buyers": {"intents": [{"name": "size", "rounds": {"geometric": 3}, "reply": {"total": {"exponential": "20s"}}}],
               "think_time": {"exponential": "20s"}, "patience": {"first": {"exponential": "10m"}}},
    "desk": {"agents": [{"name": "mei", "count": 4, "max_chats": 6}], "multitasking": {"speed_by_open": [1.0, 0.95, 0.35, 0.3, 0.25, 0.2]}},
    "objectives": {"abandonment": "<= 0.1"},
    "staffing": {"replications": 100, "max_agents": 30, "judge": "mean"},
}
THREADS = ("-j", "3")  # of what is held to a run in one thread


said_before = {}


def says(folder, scenario, language, *options):
    """The answer and the screen; what was asked before in the same words is not run again."""
    asked = (json.dumps(scenario), language, options)
    if asked not in said_before:
        said_before[asked] = answer_and_screen(folder, scenario, language, "--plan", "-", *options)
    return said_before[asked]


def levers(folder, scenario, *options):
    return says(folder, scenario, "zh", "--levers", *options)[0]["levers"]


def without_levers(screen):
    """The screen less the lines about settings."""
    lines = screen.splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith(("Settings  ", "设置  ")))
    expect(all(line.startswith("  ") for line in lines[first + 1:-1]), screen)
    expect(all(columns(line) <= 80 for line in lines[first:]), [line for line in lines[first:] if columns(line) > 80])
    return lines[:first] + lines[-1:]


def two_chats_at_once_are_found_and_save_people(folder):
    found = levers(folder, CHOKED, *THREADS)
    best, check = found["best"], found["check"]
    expect(found["better"] and best["max_chats"] == 2 and found["given"] == {"policy": "least_active", "max_chats": 6, "weights": "given"}, found)
    expect(found["compared"][0]["policy"] == "least_active" and found["compared"][0]["max_chats"] == 6, found["compared"])
    expect(check["excess"]["less"] > found["delta"] and check["excess"]["ci95"][0] > 0, check)
    expect(abs(check["excess"]["given"] - check["excess"]["best"] - check["excess"]["less"]) < 1e-6, check)
    expect(check["abandonment"]["best"] < check["abandonment"]["given"] and check["abandonment"]["ci95"][1] < 0, check)
    people = found["on_duty_at_once"]
    expect(people["best"] < people["given"], people)

    # What is promised holds: the whole planner, told to use that setting, does with as many people, give or take one.
    sets = [part for value in found["set"] for part in ("--set", value)]
    expect(found["set"] == [f"routing.policy={best['policy']}", "desk.agents[0].max_chats=2"], found["set"])
    as_given = says(folder, CHOKED, "zh")[0]["headcount"]["on_duty_at_once"]
    then = says(folder, CHOKED, "zh", *sets)[0]["headcount"]["on_duty_at_once"]
    expect(then < as_given and abs(then - people["best"]) <= 1, as_given, then, people)
    again = levers(folder, CHOKED, *sets)
    expect(not again["better"], again)  # and nothing beats it then
    expect(again["on_duty_at_once"] is None, again)


def says_so_on_the_screen_and_changes_nothing_else(folder):
    threads = {"zh": THREADS, "en": ("-j", "1")}  # whatever they are
    for language, words in {"zh": ("现在:least_active、每人最多 6 个会话。", "每人最多 2 个会话", "人数:同时在岗"),
                            "en": ("Now: least_active, 6 chats each at most.", ", 2 chats each at most.", "People: ")}.items():
        asked, said = says(folder, CHOKED, language, "--levers", *threads[language])
        plain, screen = says(folder, CHOKED, language)
        for word in words:
            expect(word in said, word, said)
        expect(without_levers(said) == screen.splitlines(), said)
        expect("levers" not in plain and asked["levers"] == levers(folder, CHOKED, *THREADS), asked)
        expect({name: asked[name] for name in asked if name != "levers"} == plain, asked, plain)


def nothing_beats_what_cannot_be_bettered(folder):
    alone = json.loads(json.dumps(CHOKED))  # one person on duty: whom a chat goes to is no question, and no cap is the best
    alone["desk"] = {"agents": [{"name": "mei", "count": 1}]}
    alone["traffic"]["rate"]["points"] = [["+0h", 20]]
    alone["staffing"]["max_agents"] = 1
    found = levers(folder, alone)
    expect(not found["better"] and found["decided"] and found["best"] == found["given"] and found["check"] is None, found)
    expect({c["policy"] for c in found["compared"] if c["max_chats"] is None} == {"least_active"}, found["compared"])  # the others are the same desk
    expect("不用改" in says(folder, alone, "zh", "--levers")[1], "zh")
    expect("leave it" in says(folder, alone, "en", "--levers")[1], "en")


def weights_are_tried_where_people_differ(folder):
    mixed = json.loads(json.dumps(CHOKED))  # those who are slow are sent most by their weights
    del mixed["desk"]["multitasking"]
    mixed["desk"]["grades"] = [{"name": "quick", "speed": 1.5, "weight": 20}, {"name": "slow", "speed": 0.5, "weight": 200}]
    mixed["desk"]["agents"] = [{"name": "mei", "count": 3, "grade": "quick"}, {"name": "lan", "count": 3, "grade": "slow"}]
    mixed["staffing"]["hire"] = [{"name": "nobody", "count_max": 0}]  # so that those who are there are told apart
    mixed["staffing"]["existing"] = "first"
    mixed["routing"] = {"policy": "smooth_wrr"}
    mixed["traffic"]["rate"]["points"] = [["+0h", 200]]
    mixed["objectives"] = {"first_response_s.p90": "<= 160"}
    answered, said = says(folder, mixed, "en", "--levers")
    found = answered["levers"]
    expect(found["better"] and found["given"] == {"policy": "smooth_wrr", "max_chats": None, "weights": "given"}, found)
    expect(found["check"]["excess"]["best"] < 0.8 * found["check"]["excess"]["given"], found["check"])
    expect("Better: " in said, said)


def main():
    if os.environ.get("FENLIU_CORE"):
        print("a core build has no staff")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        nothing_beats_what_cannot_be_bettered(folder)
        if os.environ.get("FENLIU_SANITIZED"):  # ten times slower; the same code
            return
        two_chats_at_once_are_found_and_save_people(folder)
        says_so_on_the_screen_and_changes_nothing_else(folder)
        weights_are_tried_where_people_differ(folder)
    print("levers find what is known to be the best, and say so where nothing is")


main()
