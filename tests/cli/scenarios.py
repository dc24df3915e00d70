"""Every shipped scenario runs, and shows what its `about` says it teaches.

Each figure named in an `about` is looked up in a run of that scenario, with the overrides that the text names, at the
scenario's own seed and number of days. The days are the same everywhere, so the margin is no margin of chance: it is how far
the simulation may move before the text must be written anew; of a share above a half, how far what is missing from 100 %
may. Statements of more and less have none.
"""
import csv
import glob
import json
import os
import re
import sys
import tempfile

from _common import expect, failures, run as fenliu

FOLDER = os.path.join(os.environ["FENLIU_SOURCE"], "scenarios")
SANITIZED = "FENLIU_SANITIZED" in os.environ  # slower, and the figures are the same ones
MARGIN = 0.10
runs = {}


def path(name):
    return os.path.join(FOLDER, name + ".json")


def about(name):
    with open(path(name), encoding="utf-8") as file:
        return json.load(file)["about"]


# ---- Figures of a run --------------------------------------------------------------------------------------------------


class Run:
    """One scenario with overrides: what its summary and its intervals say."""

    def __init__(self, name, overrides):
        with tempfile.TemporaryDirectory() as folder:
            to = os.path.join(folder, "r.run")
            done = fenliu("simulate", path(name), "-q", "--json", "-o", to, *(word for o in overrides for word in ("--set", o)))
            if done.returncode > 1:
                raise RuntimeError(f"{name} {overrides}: exit {done.returncode}\n{done.stderr.decode()}")
            self.summary = json.loads(done.stdout)
            with open(os.path.join(to, "intervals.csv"), encoding="utf-8", newline="") as file:
                self.intervals = list(csv.DictReader(file))

    def figure(self, what):
        """"abandonment", "first_response_s.p90", or the same of "售后/..." (a group) or "小周/..." (an agent)."""
        scope, _, what = what.rpartition("/")
        totals = self.summary["totals"]
        if scope:
            totals = next(x["totals"] for x in self.summary["groups"] + self.summary["agents"] if x["name"] == scope)
        metric, _, statistic = what.partition(".")
        return totals[metric][statistic or "mean"]

    def date(self, day, what):
        """A figure of the 24 hours that begin with the day, "2026-06-17"."""
        return next(x["totals"] for x in self.summary["dates"] if x["from"].startswith(day))[what]["mean"]

    def sum(self, what, since, until, group="*"):
        """Of a count over the intervals that begin in [since, until), as text: "2026-12-12T00:00"."""
        return sum(float(row[what] or 0) for row in self.intervals if row["group"] == group and since <= row["from"] < until)

    def least(self, what, since, until):
        return min(float(row[what]) for row in self.intervals if row["group"] == "*" and since <= row["from"] < until)


def run(name, *overrides):
    if (name, overrides) not in runs:
        runs[name, overrides] = Run(name, overrides)
    return runs[name, overrides]


def shows(name, said, value):
    """The text says `said`, a number with its unit, and the run shows about that."""
    text = about(name)
    number = float(re.match(r"[0-9.]+", said.replace(" ", "")).group())
    got = value * (100 if said.endswith("%") else 1)
    rounded = 0.5 * 10.0 ** -len(re.match(r"[0-9 ]*(?:\.([0-9]+))?", said).group(1) or "")
    margin = max(MARGIN * (min(number, 100 - number) if said.endswith("%") else number), rounded)
    expect(re.search(r"(?<![0-9.])" + re.escape(said), text), f'{name}: the text names "{said}"')
    expect(abs(got - number) <= margin, f"{name}: the text says {said}, the run shows {got:.4g}")


def shows_all(name, overrides, **figures):
    """{figure with _ for /: what the text says}"""
    for what, said in figures.items():
        shows(name, said, run(name, *overrides).figure(what.replace("__", ".")))


# ---- All of them -------------------------------------------------------------------------------------------------------

FEW = {"double11-million": ["--set", "traffic.scale=0.02", "-n", "1"]}


def all_run():
    names = sorted(os.path.basename(file)[:-5] for file in glob.glob(os.path.join(FOLDER, "*.json")) if not file.endswith(".schema.json"))
    expect(len(names) >= 15, f"scenarios are found: {names}")
    with open(os.path.join(FOLDER, "README.md"), encoding="utf-8") as file:
        manual = file.read()
    for name in names:
        checked = fenliu("check", path(name))
        expect(checked.returncode == 0 and checked.stderr == b"", f"{name} is valid: {checked.stderr.decode()}")
        done = fenliu("simulate", path(name), "-q", "--json", *FEW.get(name, ["-n", "2"]))
        expect(done.returncode in (0, 1) and done.stderr == b"", f"{name} runs: exit {done.returncode} {done.stderr.decode()}")
        summary = json.loads(done.stdout)
        expect(summary["totals"]["chats_offered"]["mean"] > 50, f"{name}: buyers write")
        expect(len(summary["objectives"]) > 0, f"{name}: it has objectives")
        expect(about(name).startswith("Teaches: "), f"{name}: the text begins with what it teaches")
        expect(f"`{name}.json`" in manual, f"{name}: README.md has its row")
        for other in re.findall(r"[a-z0-9-]+\.json", about(name)):
            expect(os.path.exists(os.path.join(FOLDER, other)), f"{name}: {other} exists")


# ---- What each teaches -------------------------------------------------------------------------------------------------


def ordinary_day():
    day, name = run("ordinary-day"), "ordinary-day"
    shows_all(name, [], leave_messages="71", reply_rate_3min="97.8 %", abandonment="4.1 %")
    shows_all(name, ["desk.agents[夜班客服].count=1"], reply_rate_3min="98.3 %")
    expect(run(name, "desk.agents[夜班客服].count=1").figure("leave_messages") == 0, f"{name}: with somebody at night nobody leaves a message")
    shows(name, "76 %", day.least("reply_rate_3min", "2026-06-10T09:00", "2026-06-10T09:30"))
    expect(day.least("reply_rate_3min", "2026-06-10T13:00", "2026-06-11T00:00") > 0.95, f"{name}: the rest of the day is well")
    early = day.sum("chats_abandoned", "2026-06-10T09:00", "2026-06-10T09:30") / day.figure("chats_abandoned")
    expect(0.25 < early < 0.35, f"{name}: three in ten of those who leave do so at 09:00: {early}")
    expect(1 / 8 < day.figure("leave_messages") / day.figure("chats_offered") < 1 / 6, f"{name}: about one in seven")


def double12():
    day, name = run("double12"), "double12"
    ordinary = run("double12", "traffic.promotions[0].multiplier=1")
    midnight, evening = [("2026-12-12T00:00", "2026-12-12T01:00"), ("2026-12-12T21:00", "2026-12-12T22:00")]
    shows(name, "62 chats", day.sum("chats_offered", *midnight))
    shows(name, "71", day.sum("chats_offered", *evening))
    times = [day.sum("chats_offered", *hour) / ordinary.sum("chats_offered", *hour) for hour in (midnight, evening)]
    expect(times[0] > 3 > 2 > times[1], f"{name}: the most above the ordinary at midnight: {times}")
    hours = [day.sum("chats_offered", f"2026-12-12T{h:02}:00", f"2026-12-12T{h + 1:02}:00") for h in range(23)]
    expect(hours.index(max(hours)) in (20, 21, 22), f"{name}: busiest in the evening: {hours}")
    shows_all(name, [], first_response_s__p90="45 s")
    shows_all(name, ["desk.agents[零点客服].count=0"], leave_messages="104", first_response_s__p90="81 s")
    expect(day.figure("leave_messages") == 0, f"{name}: nobody leaves a message")


def valentine():
    name, ordinary = "valentine", "traffic.promotions[0].multiplier=1"
    evening, morning = "desk.agents[晚乙].count=4", "desk.agents[早甲].count=3"
    shows_all(name, [], chats_abandoned="50", first_response_s__p90="54 s", leave_messages="119")
    shows_all(name, [ordinary], chats_abandoned="14.4", first_response_s__p90="40 s")
    shows(name, "16.3", run(name).sum("chats_abandoned", "2026-02-13T09:00", "2026-02-13T09:30"))
    shows_all(name, [evening], chats_abandoned="45")
    shows_all(name, [morning], chats_abandoned="37")
    spared = [run(name).figure("chats_abandoned") - run(name, more).figure("chats_abandoned") for more in (evening, morning)]
    expect(spared[1] > 2 * spared[0] > 0, f"{name}: two more spare more buyers in the morning: {spared}")
    buyers, lost = [run(name).figure(x) / run(name, ordinary).figure(x) for x in ("chats_offered", "chats_abandoned")]
    expect(1.9 < buyers < 2.15 and lost > 1.5 * buyers, f"{name}: twice the buyers, more than that lost: {buyers}, {lost}")


def new_year():
    name, usual = "new-year-couriers-stop", run("ordinary-day")
    shows_all(name, [], chats_offered="478", occupancy="31 %", first_response_s__p90="65 s", chats_abandoned="26")
    shows(name, "22 %", usual.figure("occupancy"))
    shows(name, "45 s", usual.figure("first_response_s.p90"))
    shows(name, "17", usual.figure("chats_abandoned"))
    shows(name, "8 of them", run(name).sum("chats_abandoned", "2026-02-11T10:00", "2026-02-11T11:00"))
    expect(abs(run(name).figure("chats_offered") / usual.figure("chats_offered") - 1) < 0.03, f"{name}: as many buyers")


def star():
    name, three = "star-quits", "star-quits-three-new"
    shows_all(name, [], chats_offered="340", abandonment="23 %")
    shows_all(name, ["events=[]"], abandonment="2.4 %")
    shows_all(three, [], abandonment="3.7 %", response_s__mean="30 s")
    shows(three, "23 %", run(name).figure("abandonment"))
    shows(three, "2.4 %", run(name, "events=[]").figure("abandonment"))
    shows(three, "21 s", run(name, "events=[]").figure("response_s.mean"))
    expect(run(name).figure("chats_offered") == run(three).figure("chats_offered"), f"{name}: the same buyers in both")


def thousand():
    name, full = "thousand-chats", "desk.depth.terse_above=null"
    shows_all(name, [], abandonment="3.8 %", answer_ratio="0.78", extra_turns="100")
    shows_all(name, ["traffic.scale=0.1"], answer_ratio="1.21", extra_turns="700")
    expect(900 < run(name).figure("chats_per_agent_day") < 1050, f"{name}: a thousand each")
    expect(abs(run(name, full).figure("abandonment") - 0.5) < 0.05, f"{name}: with full answers half of them leave")


def suspend():
    name, never = "suspend-overload", "desk.auto_suspend=null"
    shows_all(name, [], abandonment="17.8 %", chats_abandoned="60", leave_messages="133", reply_rate_3min="94.6 %", occupancy="80 %")
    shows_all(name, [never], abandonment="12.3 %", chats_abandoned="109", reply_rate_3min="91.9 %", occupancy="84 %")
    suspended, there = run(name), run(name, never)
    expect(there.figure("leave_messages") == 0, f"{name}: without it nobody leaves a message")
    expect(suspended.figure("reply_rate_3min") > there.figure("reply_rate_3min") + 0.02, f"{name}: the panel's rate is better")
    expect(suspended.figure("chats_abandoned") < 0.7 * there.figure("chats_abandoned"), f"{name}: fewer leave a chat")
    expect(suspended.figure("abandonment") > there.figure("abandonment") + 0.04, f"{name}: more have no answer")
    expect(suspended.figure("occupancy") < there.figure("occupancy") - 0.03, f"{name}: and people work less")


def late_login():
    name = "late-login-flood"
    shows_all(name, [], abandonment="8.6 %")
    shows(name, "22 chats", run(name).figure("小周/open_chats.max"))
    shows(name, "159 s", run(name).figure("小周/first_response_s.p90"))
    shows(name, "56 s", run(name).figure("早到客服#1/first_response_s.p90"))
    for cure, left, wait in (("routing.late_join=group_min", "3.6 %", "52 s"), ("routing.policy=least_utilization", "3.1 %", "46 s")):
        shows_all(name, [cure], abandonment=left)
        shows(name, wait, run(name, cure).figure("小周/first_response_s.p90"))


def after_sales():
    name, group = "after-sales-wave", run("after-sales-wave")
    days = {day: {g: group.sum("chats_offered", f"2026-12-{day}T00:00", f"2026-12-{day + 1}T00:00", g) for g in ("售前", "售后")} for day in (12, 14)}
    shows(name, "133 chats", days[12]["售后"])
    shows(name, "339", days[14]["售后"])
    shows(name, "874", days[12]["售前"])
    shows(name, "346", days[14]["售前"])
    shows_all(name, [], chats_abandoned="165 buyers")
    shows(name, "129 of them", group.figure("售后/chats_abandoned"))
    moved = ["desk.agents[售后早甲].count=2", "desk.agents[售后晚甲].count=2", "desk.agents[售前早甲].count=1", "desk.agents[售前晚甲].count=2"]
    shows_all(name, moved, chats_abandoned="128")


def bot():
    name, off = "bot-in-front", "desk.bot.mode=off"
    shows_all(name, [], bot_resolved="125", chats_offered="371", occupancy="33 %", first_response_s__mean="26 s")
    shows_all(name, [off], occupancy="41 %", first_response_s__mean="25 s")
    chats = run(name).figure("bot_resolved") / run(name).figure("chats_offered")
    work = 1 - run(name).figure("occupancy") / run(name, off).figure("occupancy")
    shows(name, "34 %", chats)
    expect(0.15 < work < 0.25 < 0.30 < chats < 0.37, f"{name}: a third of the chats, a fifth of the work: {chats}, {work}")


def green_kpi():
    name = "green-kpi-lost-buyers"
    expect(run(name).figure("reply_rate_3min") > 0.90, f"{name}: the rate is green: {run(name).figure('reply_rate_3min')}")
    expect(run(name).figure("platform_reply_rate_3min") > 0.90, f"{name}: and so is the platform's own")
    expect(run(name).figure("abandonment") >= 1 / 7, f"{name}: a seventh of the buyers leave: {run(name).figure('abandonment')}")
    shows_all(name, [], reply_rate_3min="91 %", abandonment="15 %")
    shows_all(name, ["desk.agents[客服].count=3"], reply_rate_3min="97 %", abandonment="5.5 %")


def million():
    name = "double11-million"
    expect(run(name).figure("chats_offered") > 1_000_000, f"{name}: a million chats")
    expect(run(name).figure("replies") > 10_000_000, f"{name}: of ten rounds")
    shows_all(name, [], occupancy="45 %", response_s__mean="23 s")
    expect(run(name).figure("chats_abandoned") == 0 and run(name).figure("wait_for_agent_s.max") == 0, f"{name}: nobody waits")


def promo():
    name = "promo-2500"
    shows_all(name, [], chats_offered="2 500", abandonment="2.2 %", first_response_s__p90="42 s", occupancy="24 %")


def month():
    name, early, stays = "promotion-month", "desk.agents[新人].from=2026-05-18T00:00", "desk.agents[小美].until=2026-07-01T00:00"
    nobody, no_leave = "desk.agents[新人].count=0", ("desk.agents[小李].away=[]", "desk.agents[小王].away=[]")
    shows(name, "29 %", run(name).date("2026-06-17", "abandonment"))
    shows(name, "42 %", run(name).date("2026-06-18", "abandonment"))
    shows(name, "5.2 %", run(name).date("2026-05-26", "abandonment"))
    shows(name, "22 %", run(name, early).date("2026-06-17", "abandonment"))
    shows(name, "5 868 CNY", run(name, early).figure("wages_cny") - run(name).figure("wages_cny"))
    shows(name, "18 %", run(name, stays).date("2026-06-17", "abandonment"))
    shows(name, "67 %", run(name, nobody).date("2026-06-17", "abandonment"))
    shows(name, "30 %", run(name).date("2026-06-20", "abandonment"))
    shows(name, "16 %", run(name, *no_leave).date("2026-06-20", "abandonment"))
    shows(name, "15 905 chats", run(name, "money.service_score=null").figure("chats_offered"))
    shows(name, "441", run(name, "money.service_score=null").figure("chats_offered") - run(name).figure("chats_offered"))
    expect(run(name).date("2026-06-09", "wages_cny") > run(name).date("2026-05-26", "wages_cny") + 400, f"{name}: training is paid")


all_run()
if not SANITIZED:
    for lesson in (ordinary_day, double12, valentine, new_year, star, thousand, suspend, late_login, after_sales, bot, green_kpi, million, promo, month):
        lesson()
print(f"{len(failures)} failed")
sys.exit(1 if failures else 0)
