"""From a case of truth/ to the scenarios that are the same model, and to the figures to compare: code by model, never by
case. README.md has the table. A case or figure that no scenario expresses is returned as such, with the reason."""
import json
import math
import re
from collections import Counter
from fractions import Fraction
from functools import reduce

import notation
from notation import exponential, seconds

BEYOND_ZERO = 1.024e-6 # the second bucket of the histograms begins here: what waited at all


class Figure:
    """One exact value and where the simulation's stands.

    path   ("totals", metric, statistic), ("group", index, metric, statistic), ("beyond", measure, seconds) or
           ("within", measure, seconds)
    event  share of the chats that the figure is about: those who wait, leave, are beyond the limit
    level  of a percentile; atom: the share of values that are exactly 0
    missed times 1 / span is what the figure loses by what has not ended when the simulation does: see ends_late() and
           happens_late(). sure: it is exact, and not only its order"""

    def __init__(self, name, truth, path, event=1.0, level=None, atom=0.0):
        self.name, self.truth, self.path, self.event, self.level, self.atom = name, truth, path, event, level, atom
        self.missed, self.sure = 0.0, True

    def ends_late(self, variance, sure):
        """The mean of a time that counts when it is over. Of chats that arrive evenly over a span T those are counted that are
        over in T: in expectation E[S (T - S)] / E[T - S] = E[S] - Var S / (T - E[S]), in any equilibrium."""
        self.missed, self.sure = variance, sure
        return self

    def happens_late(self, delay, sure):
        """The share of chats to whom something happens a mean delay after they arrive: (T - delay) / T of it is seen."""
        self.missed, self.sure = self.truth * delay, sure
        return self


def share(name, truth, metric):
    return Figure(name, truth, ("totals", metric, "mean"), min(truth, 1 - truth))


def mean(name, truth, metric, event=1.0):
    return Figure(name, truth, ("totals", metric, "mean"), event)


def occupancy(name, truth):
    """Of agents who are hardly ever idle it is about the idling, of those who are hardly ever busy about the work."""
    return mean(name, truth, "occupancy", min(truth, 1 - truth))


def beyond(name, truth, measure, limit):
    return Figure(name, truth, ("beyond", measure, limit), min(truth, 1 - truth))


def within(name, truth, measure, limit):
    return Figure(name, truth, ("within", measure, limit), min(truth, 1 - truth))


class Stationary:
    """A desk in equilibrium. rate: chats a unit of time, which is a second; relaxation: time in which what it was is
    forgotten by a factor e; cost_us: CPU time of a chat; crowd: chats there at once, those whose end is missed."""

    def __init__(self, name, scenario, rate, relaxation, figures, crowd, cost_us=0.45):
        self.name, self.scenario, self.rate, self.relaxation, self.figures = name, scenario, rate, relaxation, figures
        self.crowd, self.cost_us = crowd, cost_us


class Days:
    """Days of a fixed length whose figures have intervals in the summary. chats: expected a day."""

    def __init__(self, name, scenario, chats, figures, cost_us=0.6):
        self.name, self.scenario, self.chats, self.figures, self.cost_us = name, scenario, chats, figures, cost_us


class States:
    """Days whose state at given instants is compared. figures: (name, truth, seconds, field, share of days with the event)."""

    def __init__(self, name, scenario, chats, figures, cost_us=0.6):
        self.name, self.scenario, self.chats, self.figures, self.cost_us = name, scenario, chats, figures, cost_us


class Counts:
    """Days that are compared by the chats of their rows in days.csv. warmups: one run for each, on the very same days; kind: which
    exact answers these are, in compare.JUDGES; answers: what is to be known of them."""

    def __init__(self, name, scenario, chats, warmups, kind, answers):
        self.name, self.scenario, self.chats, self.warmups, self.kind, self.answers = name, scenario, chats, warmups, kind, answers
        self.cost_us = 0.6


class NotExpressible(Exception):
    pass


# ---- Scenarios ------------------------------------------------------------------------------------

def scenario(rate, service, agents, capacity=1, patience=None, places=None, rounds=None, think=None, speeds=None,
             policy="least_active", discipline="fifo"):
    """A desk of alike agents; all times in seconds. Parts that are None are not in the scenario."""
    intent = {"name": "question", "reply": {"total": service.json(1)}}
    if rounds is not None:
        intent["rounds"] = {"geometric": rounds} if rounds > 1 else 1
    made = {
        "fenliu": 1,
        "traffic": {"rate": {"points": [["+0h", rate * 3600]]}},
        "buyers": {"intents": [intent]},
        "desk": {"agents": [{"name": "agent", "count": agents, "max_chats": capacity}]},
        "routing": {"policy": policy, "queue": {"discipline": discipline, "max_length": places}},
    }
    if think is not None:
        made["buyers"]["think_time"] = think.json(1)
    if patience is not None:
        made["buyers"]["patience"] = {"first": patience.json(1), "applies": "until_assigned"}
    if speeds is not None:
        made["desk"]["reply_order"] = "interleaved"
        made["desk"]["multitasking"] = {"speed_by_open": speeds}
    return made


def relaxation(load, servers, rate_of_service, scv=1.0, patience_rate=0.0, places=None):
    """Of a queue with many servers: a service time, and the queue's own 1 / (c mu (1 - sqrt(rho))^2), which patience and a
    bounded queue cut short. Services that vary more make it longer in proportion."""
    gap = (1 - math.sqrt(load)) ** 2
    bounds = [1 / (servers * rate_of_service * gap)] if gap > 0 else []
    if patience_rate > 0:
        bounds.append(1 / patience_rate)
    if places is not None:
        bounds.append((places + 1) ** 2 / (math.pi**2 * servers * rate_of_service * min(1.0, load)))
    if load >= 1 and patience_rate == 0 and places is None:
        raise NotExpressible("it has no equilibrium")
    return (1 / rate_of_service + min(bounds)) * max(1.0, (1 + scv) / 2)


WAIT = "wait_for_agent_s"


def wait_variance(mean_wait, p_wait):
    """Of order: of a wait that is exponential for those who wait."""
    return 2 * mean_wait**2 / p_wait - mean_wait**2 if p_wait > 0 else 0.0


# ---- One function a model: yields jobs ------------------------------------------------------------

def erlang_c(name, values, rate, mu, servers):
    """values: keys of erlang_c_grid.json; those that are there are compared."""
    p_wait = values["p_wait"]
    load = rate / (servers * mu)
    figures = [share("p_wait", p_wait, "waited"), occupancy("occupancy", load),
               mean("mean in service", load * servers, "chats_in_hand")]
    for key, metric in (("Lq", "queue_length"), ("Wq", f"{WAIT}"), ("asa_s", WAIT)):
        if key in values:
            figures.append(mean(key, values[key], metric, p_wait))
    if "W" in values:
        figures.append(mean("W", values["W"], "first_response_s").ends_late(
            values.get("var_wait", wait_variance(values["Wq"], p_wait)) + 1 / mu**2, "var_wait" in values))
    for level in values.get("sl", []) if isinstance(values.get("sl"), list) else []:
        figures.append(within(f"sl T={level['T']}", level["p_wait_le_T"], WAIT, float(level["T"])))
    for quantile in values.get("wait_q", []):
        level = float(quantile["p"])
        if level in (0.5, 0.9, 0.95, 0.99):
            figures.append(Figure(f"wait_q {level}", quantile["t"], ("totals", WAIT, f"p{round(level * 100)}"), 1 - level, level,
                                  1 - p_wait))
    yield Stationary(name, scenario(rate, exponential(1 / mu), servers), rate, relaxation(load, servers, mu), figures,
                     load * servers + p_wait * load / (1 - load))


def erlang_c_case(p, v):
    yield from erlang_c("", v, p["lambda_"], p["mu"], p["c"])


def staffing_erlang_c_case(p, v):
    values = {key: v[key] for key in ("p_wait", "asa_s")}
    for job in erlang_c("", values, p["arrivals_per_hour"] / 3600, 1 / p["aht_s"], v["min_agents"]):
        job.figures.append(within("sl", v["sl"], WAIT, p["T_s"]))
        yield job


def erlang_a(rate, mu, servers, theta, v):
    load = rate / (servers * mu)
    p_wait = v["p_wait"]
    left = v["p_abandon"]
    wait_left = v.get("mean_wait_abandoned", min(1 / theta, v["mean_wait_all"] / p_wait))
    figures = [share("p_wait", p_wait, "waited"), occupancy("occupancy", v["occupancy"]),
               share("p_abandon", left, "abandonment").happens_late(wait_left, "mean_wait_abandoned" in v)]
    for key, metric in (("Lq", "queue_length"), ("mean_wait_all", WAIT)):
        if key in v:
            figures.append(mean(key, v[key], metric, p_wait))
    served = 1 / mu**2 + wait_variance(v.get("mean_wait_served", v["mean_wait_all"]), p_wait)
    if "mean_wait_served" in v:
        figures.append(mean("mean_wait_served + 1/mu", v["mean_wait_served"] + 1 / mu, "first_response_s").ends_late(served, False))
    if "L" in v:
        both = v["L"] / rate
        second = (1 - left) * (served + (1 / mu + v["mean_wait_all"]) ** 2) + left * 2 * wait_left**2
        figures.append(mean("L / lambda", both, "chat_duration_s").ends_late(second - both**2, False))
    for level in v.get("sl", v.get("sl_defs", [])):
        limit = level["T"]
        figures.append(within(f"sl_counting_early_abandons_good T={limit:.4g}", level["sl_counting_early_abandons_good"], WAIT, limit))
    yield Stationary("", scenario(rate, exponential(1 / mu), servers, patience=exponential(1 / theta)), rate,
                     relaxation(load, servers, mu, patience_rate=theta), figures, v["occupancy"] * servers)


def erlang_a_case(p, v):
    yield from erlang_a(p["lambda_"], p["mu"], p["c"], p["theta"], v)


def erlang_b_case(p, v):
    if v.get("continuous") or p["c"] != int(p["c"]):
        raise NotExpressible("a fraction of an agent")
    agents, load = int(p["c"]), p["A"]
    carried = v.get("carried", load * (1 - v["B"]))
    yield Stationary("", scenario(load, exponential(1), agents, places=0), load, 1.0, [
        share("B", v["B"], "waited"), Figure("carried", carried, ("totals", "chats_in_hand", "mean")),
        occupancy("carried / c", carried / agents)], 0)


def mmck_case(p, v):
    rate, agents, places = p["lambda_"], p["c"], p["K"] - p["c"]
    mu, load, block = p["mu"], p["lambda_"] / (p["c"] * p["mu"]), v["p_block"]
    waits = v.get("p_wait_accepted", 0)
    accepted = 1 - block
    figures = [share("p_block + p_wait", block + accepted * waits, "waited"),
               occupancy("occupancy", v["occupancy"]), mean("throughput / mu", v["throughput"] / mu, "chats_in_hand", 1 - v["occupancy"]),
               mean("Lq", v["Lq"], "queue_length", accepted * waits), mean("Wq_accepted", v["Wq_accepted"], WAIT, accepted * waits),
               mean("W_accepted", v["W_accepted"], "first_response_s").ends_late(1 / mu**2 + wait_variance(v["Wq_accepted"], waits), False),
               beyond("p_wait_accepted", waits, WAIT, BEYOND_ZERO)]
    figures += [beyond(f"p_wait_gt_T_accepted T={x['T']}", x["p"], WAIT, x["T"]) for x in v.get("p_wait_gt_T_accepted", [])]
    yield Stationary("", scenario(rate, exponential(1 / mu), agents, places=places), rate,
                     relaxation(load, agents, mu, places=places), figures + [("blocked", block)], v["throughput"] / mu)


def mmn_g_case(p, v):
    patience = notation.law_of_text(p["patience"])
    rate, mu, agents, p_wait = p["lambda_"], p["mu"], p["n"], v["p_offered_wait_pos"]
    left = share("p_abandon", v["p_abandon"], "abandonment").happens_late(v["mean_wait_all"] / p_wait, False)
    figures = [share("p_offered_wait_pos", p_wait, "waited"), left,
               mean("mean_wait_all", v["mean_wait_all"], WAIT, p_wait), mean("Lq", v["Lq"], "queue_length", p_wait),
               occupancy("occupancy", v["occupancy"])]
    figures += [beyond(f"p_wait_gt_T T={x['T']}", x["p"], WAIT, x["T"]) for x in v["p_wait_gt_T"]]
    yield Stationary("", scenario(rate, exponential(1 / mu), agents, patience=patience), rate,
                     relaxation(rate / (agents * mu), agents, mu, patience_rate=1 / patience.mean), figures, 0)


def mg1_case(p, v):
    service = notation.law(p["service"], p["p"])
    rate, load = p["lambda_"], p["lambda_"] * v["ES"]
    time = relaxation(load, 1, 1 / v["ES"], scv=v["ES2"] / v["ES"] ** 2 - 1)
    yield Stationary("fifo", scenario(rate, service, 1), rate, time, [
        share("p_wait", load, "waited"), occupancy("occupancy", load), mean("Wq", v["Wq"], WAIT, load),
        mean("Lq", v["Lq"], "queue_length", load), mean("W", v["W"], "first_response_s").ends_late(v["var_Wq"] + v["ES2"] - v["ES"] ** 2, True)], 0)
    if "ps_mean_sojourn" in v:
        yield Stationary("sharing", scenario(rate, service, 1, capacity=None, speeds=[1]), rate, time, [
            mean("ps_mean_sojourn", v["ps_mean_sojourn"], "chat_duration_s").ends_late(2 * v["ps_mean_sojourn"] ** 2, False),
            mean("lambda ps_mean_sojourn", rate * v["ps_mean_sojourn"], "chats_in_hand"),
            occupancy("occupancy", load)], load / (1 - load), cost_us=0.7)


def mgc_case(p, v):
    kind = re.fullmatch(r"M/([A-Z])(\d*)/c", p["model"])
    if kind is None:
        raise NotExpressible(f"the model {p['model']}")
    letter, stages = kind.groups()
    if letter == "D":
        service = notation.constant(1)
    elif letter == "E":
        service = notation.erlang(int(stages), 1)
    elif letter == "M":
        service = exponential(1)
    elif letter == "H" and "balanced" in p["service"]:
        service = notation.balanced_hyperexponential(1, p["scv"])
    else:
        raise NotExpressible(f"the service {p['service']}")
    agents, rate = p["c"], p["c"] * p["rho"]
    yield Stationary("", scenario(rate, service, agents), rate, relaxation(p["rho"], agents, 1, scv=service.scv), [
        share("p_wait", v["p_wait"], "waited"), mean("Lq", v["Lq"], "queue_length", v["p_wait"]),
        mean("Wq", v["Wq"], WAIT, v["p_wait"]), occupancy("occupancy", p["rho"])], 0)


def priority_case(p, v):
    """One intent and one group a class, all agents in every group: groups have intervals in the summary."""
    agents = p["c"]
    if "lambdas" in p:
        rates, services = p["lambdas"], [notation.law(name, [x]) for name, x in p["services"]]
    else:
        rates = [load * agents * p["mu"] for load in p["class_loads_per_server"]]
        services = [exponential(1 / p["mu"])] * len(rates)
    load = sum(rate * service.mean for rate, service in zip(rates, services)) / agents
    service_mean = load * agents / sum(rates)
    second = sum(rate * service.mean**2 * (1 + service.scv) for rate, service in zip(rates, services)) / sum(rates)
    made = scenario(sum(rates), services[0], agents, discipline="priority_fifo")
    made["buyers"]["intents"] = [{"name": f"class{i}", "share": rate, "priority": -i, "reply": {"total": service.json(1)}}
                                 for i, (rate, service) in enumerate(zip(rates, services))]
    made["desk"]["groups"] = [{"name": f"group{i}", "intents": [f"class{i}"]} for i in range(len(rates))]
    p_wait = v.get("p_wait", load if agents == 1 else 1.0)
    figures = [occupancy("occupancy", load)]
    if "p_wait" in v:
        figures.append(share("p_wait", p_wait, "waited"))
    for i, rate in enumerate(rates):
        part = rate / sum(rates) * p_wait
        wait = v["Wq_nonpreemptive"][i]
        figures.append(Figure(f"Wq class {i}", wait, ("group", i, WAIT, "mean"), part))
        figures.append(Figure(f"Lq class {i}", v.get("Lq_nonpreemptive", [r * w for r, w in zip(rates, v["Wq_nonpreemptive"])])[i],
                              ("group", i, "queue_length", "mean"), part))
    # The lowest class sees the load of all others as service that is away: its queue forgets that much slower.
    above = sum(r * s.mean for r, s in zip(rates[:-1], services)) / agents
    yield Stationary("", made, sum(rates),
                     relaxation(load, agents, 1 / service_mean, scv=second / service_mean**2 - 1) / (1 - above), figures, 0)


def sharing_desk(rate, agents, capacity, speeds, theta, v, policy="least_active"):
    """Agents who share their speed among their chats; the work of a chat is exponential of mean 1."""
    full = agents * speeds[capacity - 1 if capacity is not None and capacity <= len(speeds) else -1]
    p_wait = v.get("p_wait", 0)
    alone = all(math.isclose(speed, speeds[0] * k) for k, speed in enumerate(speeds, 1)) # no chat slows another: exponential
    figures = []
    if "p_wait" in v:
        figures.append(share("p_wait", p_wait, "waited"))
    if "p_abandon" in v:
        figures.append(share("p_abandon", v["p_abandon"], "abandonment"))
        if theta > 0:
            figures[-1].happens_late(min(1 / theta, v["mean_wait_all"] / p_wait), False)
    for key, metric in (("Lq", "queue_length"), ("mean_wait_all", WAIT), ("mean_wait_for_slot", WAIT)):
        if key in v:
            figures.append(mean(key, v[key], metric, p_wait))
    for key, metric in (("mean_in_service", "chats_in_hand"), ("mean_time_in_service_served", "reply_latency_s"),
                        ("mean_sojourn", "chat_duration_s"), ("mean_sojourn_no_abandon", "chat_duration_s")):
        if v.get(key) is not None:
            figures.append(mean(key, v[key], metric))
            if metric != "chats_in_hand":
                figures[-1].ends_late(v[key] ** 2, alone and metric == "reply_latency_s")
    if "p_agent_idle" in v:
        figures.append(occupancy("1 - p_agent_idle", 1 - v["p_agent_idle"]))
    if "p_virtual_wait_gt_T" in v:
        figures.append(beyond(f"p_virtual_wait_gt_T exp(-theta T) T={v['T']}", v["p_virtual_wait_gt_T"] * math.exp(-theta * v["T"]),
                              WAIT, v["T"]))
    hold = max(k / speeds[min(k, len(speeds)) - 1] for k in range(1, (capacity or 1) + 1)) # of a chat with an agent who is full
    return Stationary(policy, scenario(rate, exponential(1), agents, capacity=capacity, speeds=speeds, policy=policy,
                                       patience=exponential(1 / theta) if theta > 0 else None), rate,
                      hold + relaxation(rate / full, 1, full, patience_rate=theta), figures, agents * (capacity or 1), cost_us=0.8)


POLICIES = {"least": "least_active", "most": "most_busy_first", "random": "random"}


def chat_lps_case(p, v):
    for routing, values in v.items():
        if routing not in POLICIES:
            raise NotExpressible(f"the routing {routing}")
        yield sharing_desk(p["lambda_"], p["N"], p["K"], p["mu_total_by_level"][1:], p["theta"], values, POLICIES[routing])


def capacitated_ps_case(p, v):
    mu, rate = p["mu"], p["lambda_"]
    if "R" in p: # the work of a chat is exponential of mean 1, R processors of speed mu
        job = sharing_desk(rate, 1, None, [mu * k for k in range(1, p["R"] + 1)], 0, v)
        job.figures += [mean("L", v["L"], "chats_in_hand"), occupancy("1 - p[0]", 1 - v["p"][0])]
    elif "cap" in p:
        job = sharing_desk(rate, 1, p["cap"], [mu], 0, v)
        job.figures.append(mean("L - Lq", v["L"] - v["Lq"], "chats_in_hand"))
    else:
        raise NotExpressible(f"the model {p.get('model')}")
    yield job


def mm1ps_case(p, v):
    rate = p["rho"] * p["mu"]
    made = scenario(rate, exponential(1 / p["mu"]), 1, capacity=None, speeds=[1])
    yield Stationary("", made, rate, relaxation(p["rho"], 1, p["mu"]), [
        mean("mean_sojourn", v["mean_sojourn"], "chat_duration_s").ends_late(v["var_sojourn"], True),
        mean("lambda mean_sojourn", rate * v["mean_sojourn"], "chats_in_hand"),
        occupancy("occupancy", p["rho"])], 0, cost_us=0.7)


def completion_rate(k, reply_rate, think_rate, end):
    """Of an agent who holds k chats: truth/README.md."""
    if end >= 1:
        return reply_rate
    ratio, term, total = think_rate / (reply_rate * (1 - end)), 1.0, 1.0
    for i in range(1, k + 1):
        term *= (k - i + 1) * ratio
        total += term
    return reply_rate * end * (1 - 1 / total)


def chat_message_case(p, v):
    agents, slots, reply, think, end, theta = p["N"], p["K"], p["reply_rate"], p["think_rate"], p["p_end_after_reply"], p["theta"]
    rate, p_wait = p["lambda_"], v["p_wait"]
    full = completion_rate(slots, reply, think, end)
    mean_wait = v.get("mean_wait_all", v["Lq"] / rate)
    figures = [share("p_wait", p_wait, "waited"), share("p_abandon", v["p_abandon"], "abandonment"),
               mean("Lq", v["Lq"], "queue_length", p_wait)]
    if theta > 0:
        figures[1].happens_late(min(1 / theta, mean_wait / p_wait), False)
    per_round = (1 - v["p_abandon"]) / end # replies a chat
    idle = 1 - v.get("agent_busy", 1)
    for key, metric, event in (("mean_wait_all", WAIT, p_wait), ("agent_busy", "occupancy", min(idle, 1 - idle)),
                               ("mean_needing_reply", "queue_depth", 1),
                               ("effective_concurrency", "chats_in_hand", 1), ("mean_reply_latency", "reply_latency_s", 1)):
        if key in v:
            figures.append(mean(key, v[key] / (agents if key == "mean_needing_reply" else 1), metric, event))
    if "mean_chat_duration" in v:
        figures.append(mean("mean_wait_all + served mean_chat_duration", mean_wait + (1 - v["p_abandon"]) * v["mean_chat_duration"],
                            "chat_duration_s").ends_late(v["mean_chat_duration"] ** 2, False))
    for level in (50, 90, 95, 99):
        key = f"p{level}_reply_latency"
        if key in v:
            figures.append(Figure(key, v[key], ("totals", "reply_latency_s", f"p{level}"), (1 - level / 100) * per_round, level / 100))
    for key in v:
        limit = re.fullmatch(r"p_reply_gt_([\d.]+)", key)
        if limit:
            figure = beyond(key, v[key], "reply_latency_s", float(limit[1]))
            figure.event *= per_round
            figures.append(figure)
    made = scenario(rate, exponential(1 / reply), agents, capacity=slots, rounds=1 / end, think=exponential(1 / think),
                    patience=exponential(1 / theta) if theta > 0 else None)
    yield Stationary("", made, rate, slots / full + relaxation(rate / (agents * full), agents, full, patience_rate=theta), figures,
                     agents * slots, cost_us=0.35 + 0.35 * per_round)


def message_exact_case(p, v):
    yield from chat_message_case(p, v)


def silent_abandonment_case(p, v):
    agents, rate, mu, theta = p["c"], p["lambda_"], p["mu"], p["theta_silent"]
    accepted = 1 - v["p_block"]
    made = scenario(rate, exponential(1 / mu), agents, patience=exponential(1 / theta), places=p["queue_places"])
    made["buyers"]["patience"].update({"silent_share": 1, "finds_out": exponential(1 / p["nu_waste"]).json(1)})
    waits = v["p_wait_accepted"]
    busy = v["useful_agent_fraction"] + v["wasted_agent_fraction"]
    yield Stationary("", made, rate, relaxation(rate / (agents * mu), agents, mu, places=p["queue_places"]) + 1 / theta, [
        share("accepted p_silent_abandon", accepted * v["p_silent_abandon_of_accepted"], "abandonment").happens_late(
            v["mean_visible_queue"] / rate / waits, False),
        share("p_block + p_wait", v["p_block"] + accepted * waits, "waited"), beyond("p_wait_accepted", waits, WAIT, BEYOND_ZERO),
        occupancy("useful + wasted fraction", busy), mean("mean_visible_queue", v["mean_visible_queue"], "queue_length"),
        ("blocked", v["p_block"])], 0)


def will_leave(rate, mu, agents, theta):
    """Of those who wait in an M/M/n+M desk in equilibrium, how many will leave, in expectation: by Little's law the rate of arrivals
    times the mean wait of those who leave (0 for the others). A chat with j before it waits 1 / r_j on average, r_j = n mu + (j + 1) theta,
    until it leaves, with theta / r_j, or one before it is gone."""
    state, total = 1.0, 1.0 # probability of k chats, and their sum, in units of that of an empty desk
    for k in range(1, agents + 1):
        state *= rate / (k * mu)
        total += state
    leaves, wait, found, before = 0.0, 0.0, 0.0, 0
    while before < agents or state > 1e-18 * total:
        out = agents * mu + (before + 1) * theta
        onward = (out - theta) / out
        leaves = theta / out + onward * leaves
        wait = leaves / out + onward * wait
        found += state * wait
        state *= rate / out
        total += state
        before += 1
    return rate * found / total


def peers_case(p, v):
    if {"lambda_", "mu", "c", "theta", "horizon_min"} <= p.keys(): # a day that begins empty; those of it who leave after its end are in the answer
        rate, mu, agents, theta, end = p["lambda_"], p["mu"], p["c"], p["theta"], p["horizon_min"]
        if end < 20 * relaxation(rate / (agents * mu), agents, mu, patience_rate=theta):
            raise NotExpressible("a day that ends before it has found its equilibrium: how many leave after its end")
        made = dict(scenario(rate, exponential(1 / mu), agents, patience=exponential(1 / theta)), duration=seconds(end), interval=seconds(end))
        left = v["exact_abandoned"] - will_leave(rate, mu, agents, theta)
        yield Days("", made, rate * end, [share("exact_abandoned by the end", left / (rate * end), "abandonment")])
    elif {"calls_per_30min", "aht", "patience", "c"} <= p.keys():
        yield from erlang_a(p["calls_per_30min"] / 30, 1 / p["aht"], p["c"], 1 / p["patience"], v)
    elif {"A", "c"} <= p.keys() and ("aht" in p or "aht_s" in p):
        handling, limit = (p["aht_s"], p["T_s"]) if "aht_s" in p else (p["aht"], p["T"])
        for job in erlang_c("", {key: v[key] for key in ("p_wait", "asa_s") if key in v}, p["A"] / handling, 1 / handling, p["c"]):
            job.figures.append(within("sl", v["sl"], WAIT, limit))
            yield job
    elif {"p_car", "mu_car", "mu_moto"} <= p.keys():
        rate, car = notation.number(p["lambda_"]), p["p_car"]
        made = scenario(rate, exponential(1), 1, places=0)
        made["buyers"]["intents"] = [
            {"name": "car", "share": car, "reply": {"total": exponential(1 / notation.number(p["mu_car"])).json(1)}},
            {"name": "motorcycle", "share": 1 - car, "reply": {"total": exponential(1 / notation.number(p["mu_moto"])).json(1)}}]
        yield Stationary("", made, rate, 1 / notation.number(p["mu_car"]), [mean("N", v["N"], "chats_in_hand"),
                                                                            share("N as a share", v["N"], "waited")], 0)
    else:
        raise NotExpressible("no random model: a staffing rule, or arrivals at given instants")


# ---- Orders of service ----------------------------------------------------------------------------

def lifo_case(p, v):
    """Who waits is overtaken by those who come later, so a wait is a busy period: it varies far more than its mean says."""
    rate, mu, agents, theta = p["lambda_"], p["mu"], p["c"], p["theta"]
    figures = [share("p_wait", v["p_wait"], "waited"), occupancy("occupancy", v["occupancy"]),
               mean("mean_wait_all", v["mean_wait_all"], WAIT, v["p_wait"]), mean("Lq", v["Lq"], "queue_length", v["p_wait"])]
    if theta > 0:
        figures.append(share("p_abandon", v["p_abandon"], "abandonment").happens_late(min(1 / theta, v["mean_wait_all"] / v["p_wait"]), False))
    else: # until a busy period of rate c mu - lambda ends: Var = 1 / (c mu)^2 (1 + load) / (1 - load)^3, of those who wait
        load = rate / (agents * mu)
        figures[2].ends_late(v["p_wait"] * (1 + load) / (1 - load) ** 3 / (agents * mu) ** 2, False)
    figures += [beyond(f"p_wait_gt_T T={x['T']}", x["p"], WAIT, x["T"]) for x in v["p_wait_gt_T"]]
    yield Stationary("", scenario(rate, exponential(1 / mu), agents, discipline="lifo",
                                  patience=exponential(1 / theta) if theta > 0 else None), rate,
                     relaxation(rate / (agents * mu), agents, mu, patience_rate=theta), figures, v["occupancy"] * agents)


def inbox_order_case(p, v):
    """One agent who takes everybody at once: who waits, waits in her inbox."""
    rate = p["lambda_"]
    service = notation.law_of_text(p["service"]) if "service" in p else exponential(1 / p["mu"])
    made = scenario(rate, service, 1, capacity=None)
    made["desk"]["reply_order"] = p["order"]
    figures = [occupancy("load", v["load"]), mean("mean_latency", v["mean_latency"], "reply_latency_s").ends_late(2 * v["mean_latency"] ** 2, False),
               mean("mean_waiting_for_reply", v["mean_waiting_for_reply"], "queue_depth")]
    figures += [beyond(f"p_latency_gt_T T={x['T']}", x["p"], "reply_latency_s", x["T"]) for x in v.get("p_latency_gt_T", [])]
    yield Stationary("", made, rate, relaxation(v["load"], 1, 1 / service.mean, scv=service.scv), figures, v["mean_waiting_for_reply"])


def new_buyers_first_case(p, v):
    rate, slots, reply, think, end = p["lambda_"], p["K"], p["reply_rate"], p["think_rate"], p["p_end_after_reply"]
    made = scenario(rate, exponential(1 / reply), 1, capacity=slots, places=0, rounds=1 / end, think=exponential(1 / think))
    made["desk"]["reply_order"] = p["order"]
    chat = v["mean_in_hand"] / rate / (1 - v["p_block"])
    figures = [share("p_block", v["p_block"], "waited"), occupancy("agent_busy", v["agent_busy"]),
               mean("mean_first_response", v["mean_first_response"], "first_response_s").ends_late(v["mean_first_response"] ** 2, False),
               mean("mean_latency", v["mean_latency"], "reply_latency_s").ends_late(2 * v["mean_latency"] ** 2, False),
               mean("mean_waiting_for_reply", v["mean_waiting_for_reply"], "queue_depth"), mean("mean_in_hand", v["mean_in_hand"], "chats_in_hand")]
    yield Stationary("", made, rate, chat, figures + [("blocked", v["p_block"])], slots, cost_us=0.35 + 0.35 / end)


def priority_patience_case(p, v):
    """A class of buyers and a group each, all agents in every group."""
    rates, thetas, agents, mu = p["lambdas"], p["thetas"], p["c"], p["mu"]
    rate = sum(rates)
    made = scenario(rate, exponential(1 / mu), agents, patience=exponential(1), discipline=p["order"])
    made["buyers"]["classes"] = [{"name": f"class{i}", "share": share_of, "priority": -i, "patience_scale": 1 / theta}
                                 for i, (share_of, theta) in enumerate(zip(rates, thetas))]
    made["desk"]["groups"] = [{"name": f"group{i}", "classes": [f"class{i}"]} for i in range(len(rates))]
    figures = [share("p_wait", v["p_wait"], "waited"), occupancy("occupancy", v["occupancy"])]
    for i, own in enumerate(rates):
        part, left, wait = own / rate, v["p_abandon"][i], v["mean_wait_all"][i]
        figures.append(Figure(f"p_abandon class {i}", left, ("group", i, "abandonment", "mean"), part * min(left, 1 - left)).happens_late(
            min(1 / thetas[i], wait / v["p_wait"]), False))
        figures.append(Figure(f"mean_wait_all class {i}", wait, ("group", i, WAIT, "mean"), part * v["p_wait"]))
        figures.append(Figure(f"Lq class {i}", v["Lq"][i], ("group", i, "queue_length", "mean"), part * v["p_wait"]))
    yield Stationary("", made, rate, relaxation(rate / (agents * mu), agents, mu, patience_rate=min(thetas)), figures, v["occupancy"] * agents)


ORDERS = {"lifo": lifo_case, "shortest_first": inbox_order_case, "newest_first": inbox_order_case, "new_buyers_first": new_buyers_first_case,
          "priority_fifo": priority_patience_case}


def waiting_orders_case(p, v):
    if p["order"] not in ORDERS:
        raise NotExpressible(f"the order {p['order']}")
    yield from ORDERS[p["order"]](p, v)


# ---- Over time ------------------------------------------------------------------------------------

def grid(times):
    """The longest step of which all times are multiples."""
    exact = [Fraction(str(t)) for t in times]
    common = math.lcm(*(f.denominator for f in exact))
    return Fraction(reduce(math.gcd, (int(f * common) for f in exact)), common)


def day(rate, end, step, unit, service, steps, returns=False, theta=0.0, capacity=1, speeds=None):
    """A desk from empty over [0, end], a state every `step`; a unit of time is `unit` seconds."""
    points = rate.points(end)
    made = {
        "fenliu": 1, "duration": seconds(end * unit), "interval": seconds(float(step) * unit),
        "traffic": {"rate": {"points": [[f"+{seconds(t * unit)}", value * 3600 / unit] for t, value in points]}},
        "buyers": {"intents": [{"name": "question", "reply": {"total": service.json(unit)}}]},
        "desk": {"agents": [], "shift_end": "return_to_queue" if returns else "finish"},
    }
    if len(steps) == 1:
        made["desk"]["agents"] = [{"name": "agent", "count": steps[0][2], "max_chats": capacity}]
    else:
        spans = notation.duties(steps, 2 * end)
        made["desk"]["shifts"] = [{"name": f"shift{i}", "from": f"+{seconds(low * unit)}", "to": f"+{seconds(high * unit)}"}
                                  for i, (low, high, count) in enumerate(spans)]
        made["desk"]["agents"] = [{"name": f"agent{i}", "count": count, "max_chats": capacity, "shift": f"shift{i}"}
                                  for i, (low, high, count) in enumerate(spans)]
        made["desk"]["offline"] = "pool"
    if theta > 0:
        made["buyers"]["patience"] = {"first": exponential(1 / theta).json(unit), "applies": "until_assigned"}
    if speeds is not None:
        made["desk"]["reply_order"] = "interleaved"
        made["desk"]["multitasking"] = {"speed_by_open": speeds}
    chats = sum((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in zip(points, points[1:]))
    return made, chats


UNIT = 3600 # seconds; long, so that the grid of states is whole seconds


def time_varying_case(p, v):
    if p["n_at_0"] != 0:
        raise NotExpressible("a desk that does not start empty: how many write at once is Poisson")
    steps, returns = notation.staffing(p["servers_t"])
    changes = {low for low, _, _ in steps[1:]}
    times = [x["t"] for x in v]
    made, chats = day(notation.Rate(p["lambda_t"]), max(times), grid(times), UNIT, exponential(1 / p["mu"]), steps, returns, p["theta"])
    figures = []
    for x in v:
        at, rare = x["t"] * UNIT, min(1.0, x["p_wait"])
        figures += [(f"EN t={x['t']}", x["EN"], at, "in_system", 1.0), (f"VarN t={x['t']}", x["VarN"], at, "in_system_var", 1.0)]
        if x["t"] not in changes: # a state is that before anything of its instant
            figures += [(f"EQ t={x['t']}", x["EQ"], at, "waiting", rare), (f"busy t={x['t']}", x["busy"], at, "busy", 1 - x["p_wait"])]
    yield States("", made, chats, figures)


def theta_eq_mu_case(p, v):
    for x in v["by_servers"]:
        made, chats = day(notation.Rate(p["lambda_t"]), p["t"], p["t"], UNIT, exponential(1 / p["mu"]), [(0, math.inf, x["s"])],
                          theta=p["theta"])
        at = p["t"] * UNIT
        yield States(f"s={x['s']}", made, chats, [("m", v["m"], at, "in_system", 1.0), ("m as variance", v["m"], at, "in_system_var", 1.0),
                                                  ("EQ", x["EQ"], at, "waiting", x["p_wait"]),
                                                  ("m - EQ", v["m"] - x["EQ"], at, "busy", 1 - x["p_wait"])])


def mt_g_inf_case(p, v):
    rate = notation.Rate(p["lambda_t"])
    service = notation.law_of_text(p["service"])
    most = max(value for _, value in rate.points(p["t"])) * service.mean
    agents = math.ceil(most + 10 * math.sqrt(most) + 10) # nobody waits
    made, chats = day(rate, p["t"], p["t"], UNIT, service, [(0, math.inf, agents)])
    at = p["t"] * UNIT
    yield States("", made, chats, [("m", v["m"], at, "busy", 1.0), ("m as variance", v["m"], at, "in_system_var", 1.0)])


def chat_tv_case(p, v):
    if p["routing"] != "least":
        raise NotExpressible(f"the routing {p['routing']} over time")
    times = [x["t"] for x in v]
    made, chats = day(notation.Rate(p["lambda_t"]), max(times), grid(times), UNIT, exponential(1), [(0, math.inf, p["N"])],
                      theta=p["theta"], capacity=p["K"], speeds=p["mu_total_by_level"][1:])
    figures = []
    for x in v:
        at = x["t"] * UNIT
        figures += [(f"E_chats + EQ t={x['t']}", x["E_chats"] + x["EQ"], at, "in_system", 1.0),
                    (f"EQ t={x['t']}", x["EQ"], at, "waiting", x["p_wait"]),
                    (f"N - E_idle_agents t={x['t']}", p["N"] - x["E_idle_agents"], at, "busy", 1.0)]
    yield States("", made, chats, figures, cost_us=1.0)


def promo_staffing_case(p, v):
    """The file's doc has the model: 2 + 6 exp(-(t-90)/45) from t=90, minutes, handling 12, patience 24; from equilibrium."""
    if len(p["servers_by_30min"]) != 12:
        raise NotExpressible("another horizon than 360 minutes")
    settle, unit = 240.0, 60
    rate = notation.Rate("2 + 6 exp(-(t-330)/45) 1{t>=330}")
    servers = p["servers_by_30min"]
    steps = [(0.0, settle, servers[0])] + [(settle + 30 * i, settle + 30 * (i + 1), s) for i, s in enumerate(servers)]
    made, chats = day(rate, settle + 360, 30, unit, exponential(12), steps, True, 1 / 24)
    made["warmup"] = seconds(settle * unit)
    offered = 720 + 6 * 45 * (1 - math.exp(-6))
    yield Days("", made, chats, [
        share("arrival_weighted_p_wait", v["arrival_weighted_p_wait"], "waited"),
        mean("fraction_abandoned as queue_length", v["fraction_abandoned"] * offered / (360 / 24), "queue_length", v["fraction_abandoned"])])


# ---- Arrivals -------------------------------------------------------------------------------------

def arrivals_scenario(points, end, busyness_cv=0.0):
    made = {"fenliu": 1, "duration": seconds(end), "interval": seconds(end),
            "traffic": {"rate": {"points": points}},
            "buyers": {"intents": [{"name": "question"}]}, "desk": {"agents": [{"name": "agent", "count": 1}]}}
    if busyness_cv > 0:
        made["traffic"]["busyness"] = {"day": {"gamma_cv": busyness_cv}}
    return made


def arrivals_case(p, v):
    if p["kind"] == "gamma_poisson":
        made, chats, warmups = arrivals_scenario([["+0h", p["mean"]]], 3600, 1 / math.sqrt(p["alpha"])), p["mean"], [0]
    elif p["kind"] == "shared_busyness_corr":
        points = [["+0h", p["m1"]], ["+1h", p["m1"]], ["+1h", p["m2"]], ["+2h", p["m2"]]]
        made, chats, warmups = arrivals_scenario(points, 7200, 1 / math.sqrt(p["alpha"])), p["m1"] + p["m2"], [0, 3600]
    elif p["kind"] == "nhpp_piecewise_linear":
        knots = [[f"+{seconds(t * 3600)}", rate] for t, rate in p["knots"]]
        made, chats = arrivals_scenario(knots, 3600 * max(b["b"] for b in v["bins"])), v["total"]
        warmups = [t * 3600 for t in sorted({b["a"] for b in v["bins"]})]
    else:
        raise NotExpressible(f"arrivals of the kind {p['kind']}: buyers do not set each other off")
    yield Counts("", made, chats, warmups, p["kind"], {**p, **v})


MODELS = {
    "erlang_c_grid": erlang_c_case, "staffing_erlang_c": staffing_erlang_c_case, "erlang_a": erlang_a_case,
    "erlang_b": erlang_b_case, "mmck": mmck_case, "mmn_g": mmn_g_case, "mg1_pk": mg1_case, "mgc_exact": mgc_case,
    "priority": priority_case, "mm1ps": mm1ps_case, "capacitated_ps": capacitated_ps_case, "chat_lps": chat_lps_case,
    "chat_message": chat_message_case, "derived_lps_vs_message": message_exact_case, "chat_tv": chat_tv_case,
    "time_varying": time_varying_case, "time_varying_theta_eq_mu": theta_eq_mu_case, "mt_g_inf": mt_g_inf_case,
    "silent_abandonment": silent_abandonment_case, "arrivals": arrivals_case, "peers": peers_case,
    "derived_promo_staffing": promo_staffing_case, "waiting_orders": waiting_orders_case,
}


def short(params):
    """Names a case by its parameters."""
    text = ",".join(f"{k}={json.dumps(x, ensure_ascii=False)}" for k, x in params.items())
    return re.sub(r'[\s"]', "", text)[:110]


def cases(path):
    """Every case of a file of exact answers as (name, function that yields its jobs)."""
    with open(path, encoding="utf-8") as file:
        content = json.load(file)
    model, names = MODELS[path.stem], Counter()
    for case in content["cases"]:
        values = case["values"] if "values" in case else case["exact"]
        name = f"{path.stem} {short(case['params'])}"
        names[name] += 1 # a name is cut short, and stands for one case only
        yield name if names[name] == 1 else f"{name} #{names[name]}", lambda p=case["params"], v=values: list(model(p, v))


def every_case(truth):
    """[(file, name, function that yields its jobs)] of a folder of exact answers, by the names of ours."""
    return [(path.stem, name, make_jobs) for path in sorted(truth.glob("*.json")) if path.stem in MODELS for name, make_jobs in cases(path)]
