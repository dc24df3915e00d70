"""Reads the notation of the exact answers: laws such as "hyperexp(p=.5,rates 4 & 4/7; mean 1)", rates such as
"8(1+0.5 sin(2 pi t/12))", staffing such as "5 on [0,3), 9 on [3,8)". What is not understood raises ValueError, so
that a case is listed as not expressible and never simulated as something else."""
import math
import re
from fractions import Fraction


class Law:
    """A distribution of times in the model's unit: its JSON, with times in seconds, and its first two moments."""

    def __init__(self, mean, scv, render):
        self.mean, self.scv, self.render = mean, scv, render

    def json(self, unit):
        return self.render(lambda t: seconds(t * unit))


def seconds(t):
    """A duration as scenarios write it; they are whole nanoseconds."""
    return f"{t:.9f}s"


def exponential(mean):
    return Law(mean, 1, lambda s: {"exponential": s(mean)})


def constant(value):
    return Law(value, 0, lambda s: {"constant": s(value)})


def uniform(low, high):
    mean = (low + high) / 2
    return Law(mean, (high - low) ** 2 / 12 / mean**2, lambda s: {"uniform": [s(low), s(high)]})


def gamma(mean, cv):
    return Law(mean, cv * cv, lambda s: {"gamma": {"mean": s(mean), "cv": cv}})


def erlang(stages, mean):
    return gamma(mean, 1 / math.sqrt(stages))


def lognormal(mean, cv):
    sigma = math.sqrt(math.log(1 + cv * cv))
    return Law(mean, cv * cv, lambda s: {"lognormal": {"median": s(mean / math.sqrt(1 + cv * cv)), "sigma": sigma}})


def weibull(scale, shape):
    mean = scale * math.gamma(1 + 1 / shape)
    second = scale**2 * math.gamma(1 + 2 / shape)
    return Law(mean, second / mean**2 - 1, lambda s: {"weibull": {"scale": s(scale), "shape": shape}})


def hyperexponential(share, rate, other):
    mean = share / rate + (1 - share) / other
    second = 2 * (share / rate**2 + (1 - share) / other**2)
    return Law(mean, second / mean**2 - 1, lambda s: {
        "mixture": [[share, {"exponential": s(1 / rate)}], [1 - share, {"exponential": s(1 / other)}]]})


def balanced_hyperexponential(mean, scv):
    """Two phases that carry the same load each."""
    share = (1 + math.sqrt((scv - 1) / (scv + 1))) / 2
    return hyperexponential(share, 2 * share / mean, 2 * (1 - share) / mean)


LAWS = {
    "exp": exponential, "exponential": exponential, "det": constant, "deterministic": constant, "constant": constant,
    "uniform": uniform, "erlang": erlang, "erlang_k_mean": erlang, "hyperexp": hyperexponential,
    "gamma_mean_cv": gamma, "gamma": gamma, "lognormal_mean_cv": lognormal, "lognormal": lognormal, "weibull": weibull,
}


def number(text):
    """"4/7", ".5", "1e-3"."""
    return float(Fraction(str(text).strip())) if "/" in str(text) else float(text)


def law(name, parameters):
    if name not in LAWS:
        raise ValueError(f"the law {name}")
    try:
        return LAWS[name](*[number(p) for p in parameters])
    except TypeError:
        raise ValueError(f"the parameters of {name}: {parameters}") from None


def law_of_text(text):
    match = re.fullmatch(r"\s*(\w+)\s*\((.*)\)\s*", text)
    if not match:
        raise ValueError(f"the law {text}")
    name, inside = match.groups()
    if re.search(r"\brate\s*=?\s*[\d.]", inside) and name.startswith("exp"):
        return exponential(1 / number(re.sub(r"[a-z=\s]", "", inside)))
    stages = re.fullmatch(r"erlang(\d+)", name)
    if stages:
        name, inside = "erlang", f"{stages[1]}, {inside}"
    if name == "hyperexp" and "mean" in inside:
        inside = inside.split(";")[0]
    return law(name, [p for p in re.sub(r"[A-Za-z=]", " ", inside.replace("e-", "E-")).replace("&", " ").replace(",", " ")
                      .replace(";", " ").split()])


# ---- Functions of time ----------------------------------------------------------------------------

TOKEN = re.compile(r"\s*(?:(\d+\.?\d*(?:e[+-]?\d+)?|\.\d+)|(1?\{[^}]*\})|([a-z]+)|(.))")


class Rate:
    """An arithmetic expression in t: + - * / ^, implicit products, sin cos exp sqrt, pi, indicators 1{t>=3}."""

    def __init__(self, text):
        self.jumps = []
        text = re.sub(r"\s*,?\s*started .*$", "", text)
        text = re.sub(r"1\{", "{", text)
        self.tokens = [next(kind for kind in match if kind) for match in TOKEN.findall(text) if any(match)]
        self.at = 0
        self.tree = self.sum()
        if self.at != len(self.tokens):
            raise ValueError(f"the rate {text}")

    def __call__(self, t):
        return self.tree(t)

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, wanted=None):
        token = self.peek()
        if wanted is not None and token != wanted:
            raise ValueError(f"a rate with {token!r} where {wanted!r} should be")
        self.at += 1
        return token

    def sum(self):
        left = self.product()
        while self.peek() in ("+", "-"):
            sign, one, other = (1 if self.take() == "+" else -1), left, self.product()
            left = lambda t, one=one, other=other, sign=sign: one(t) + sign * other(t)
        return left

    def product(self):
        left = self.power()
        while self.peek() not in ("", "+", "-", ")"):
            divides = self.peek() == "/"
            if self.peek() in ("*", "/"):
                self.take()
            one, other = left, self.power()
            left = (lambda t, one=one, other=other: one(t) / other(t)) if divides else \
                   (lambda t, one=one, other=other: one(t) * other(t))
        return left

    def power(self):
        base = self.atom()
        if self.peek() != "^":
            return base
        self.take()
        exponent = self.atom()
        return lambda t: base(t) ** exponent(t)

    def atom(self):
        token = self.take()
        if token == "-":
            inner = self.power()
            return lambda t: -inner(t)
        if token == "(":
            inner = self.sum()
            self.take(")")
            return inner
        if token in ("sin", "cos", "exp", "sqrt"):
            function = getattr(math, token)
            self.take("(")
            inner = self.sum()
            self.take(")")
            return lambda t: function(inner(t))
        if token == "pi":
            return lambda t: math.pi
        if token == "t":
            return lambda t: t
        if token.startswith("{"):
            return self.indicator(token[1:-1])
        value = number(token)
        return lambda t: value

    def indicator(self, text):
        match = re.fullmatch(r"\s*(?:([\d.]+)\s*<=?)?\s*t\s*(?:(>=?|<=?)\s*([\d.]+))?\s*", text)
        if not match:
            raise ValueError(f"the indicator of {text}")
        low, sign, bound = match.groups()
        low = float(low) if low else -math.inf
        high = math.inf
        if sign and sign[0] == ">":
            low = max(low, float(bound))
        elif sign:
            high = float(bound)
        self.jumps += [edge for edge in (low, high) if math.isfinite(edge)]
        return lambda t: 1.0 if low <= t < high else 0.0

    def points(self, end, steps=400):
        """[t, rate] from 0 to end, linear in between, with two points at a jump."""
        edges = sorted({0.0, end} | {jump for jump in self.jumps if 0 < jump < end})
        points = []
        for low, high in zip(edges, edges[1:]):
            count = max(1, math.ceil(steps * (high - low) / end))
            step = (high - low) / count
            inside = step * 1e-7
            for i in range(count + 1): # the ends of a stretch as its inside sees them
                t = low + i * step
                points.append([t, max(0.0, self(t + inside if i == 0 else t - inside if i == count else t))])
        return points


def staffing(text):
    """[(from, to, agents)], last to is infinite; and whether a cut agent's chat returns to the queue."""
    returns = "return" in text or "preemptive" in text
    if re.fullmatch(r"\s*\d+\s*", text):
        return [(0.0, math.inf, int(text))], returns
    steps = [(float(a), float(b), int(n)) for n, a, b in re.findall(r"(\d+) on [\[(]([\d.]+),\s*([\d.]+)[\])]", text)]
    if not steps or steps[0][0] != 0 or any(one[1] != two[0] for one, two in zip(steps, steps[1:])):
        raise ValueError(f"the staffing {text}")
    return steps, returns


def duties(steps, end):
    """A staircase of agents as [(from, to, count)]: whoever comes first goes last."""
    layers, done = [], []
    for low, high, agents in steps:
        while len(layers) > agents:
            done.append((layers.pop(), low))
        layers += [low] * (agents - len(layers))
    done += [(start, end) for start in layers]
    counts = {}
    for span in done:
        counts[span] = counts.get(span, 0) + 1
    return [(low, high, count) for (low, high), count in sorted(counts.items())]
