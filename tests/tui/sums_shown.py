"""Sums as they are shown, added up again from the digits on the screen."""

from __future__ import annotations

import re
from decimal import Decimal

from tui_backprop.notation.expression import Apply, Number, Tree, UnreadableError, evaluate, parse


def shown_places(text: str) -> Decimal:
    """Return the unit of the last digit that is shown."""
    return Decimal(1).scaleb(int(Decimal(text).as_tuple().exponent))


def rounds_to(computed: Decimal, shown: str) -> bool:
    return abs(computed - Decimal(shown)) <= shown_places(shown) * Decimal("0.5000001")


def follows(before: Tree, after: Tree) -> bool:
    """Whether every number of a step, as it is shown, is what the step before, as it is shown, gives in its place."""
    match after:
        case Number(_, text):
            return rounds_to(Decimal(float(evaluate(before))), text)
        case Apply("negative", (Number(_, text),)):
            return rounds_to(Decimal(float(evaluate(before))), f"-{text}")
        case Apply(kind, parts):
            assert isinstance(before, Apply)
            assert (before.kind, len(before.parts)) == (kind, len(parts))
            return all(map(follows, before.parts, parts))
    raise AssertionError(after)


def check_long_sums(shown: str) -> int:
    total = re.search(r"^  Σ \d+ (?:rows|terms) [─ ]*(.*)$", shown, re.M)
    if not total:
        return 0
    sums = total[1].split()
    rows = [line for line in shown.splitlines() if re.match(r"[ ►] (point|row|\S+ =|\[|the other|\d+ \w)", line)]
    terms = [row.split()[-len(sums) :] for row in rows]
    for column, shown_sum in enumerate(sums):
        assert rounds_to(sum((Decimal(row[column]) for row in terms), Decimal()), shown_sum), shown
    for row in rows:
        factors = re.fullmatch(r"[ ►] (?:point|row|\S+ =|\[) *\d+\]? +(\S+) +(\S+) +(\S+)", row)
        if factors and "product" in shown:
            assert rounds_to(Decimal(factors[1]) * Decimal(factors[2]), factors[3]), shown
    return len(sums)


def check_ledger(shown: str) -> int:
    """Add up the edges of the ledger, and what a nudge does over each of them."""
    total = re.search(r"^ +sum(?: so far)? +(?:\[.*\] )?(\S+)$", shown, re.M)
    edges = re.findall(r"^[✓►] .* → .* (\S+)$", shown, re.M)
    if total and "more edges" not in shown:
        assert rounds_to(sum(map(Decimal, edges), Decimal()), total[1]), shown
    said = re.search(r"why a sum\?  \S+ \+ 0.01 moves(.*?)in all", shown, re.S)
    if said:
        *parts, whole = re.findall(r"by\s+(?:about\s+)?(\S+)", said[1])
        assert rounds_to(sum(map(Decimal, parts), Decimal()), whole), shown
    return bool(total) + bool(said)


def check_sums(shown: str) -> int:
    """Recompute every sum that is shown, from the digits that are shown; return how many there were."""
    checked = check_long_sums(shown) + check_ledger(shown)
    # a chain of equations: each member that is made of numbers alone has the value of the last
    for line in re.sub(r"\n +(?==|≈)", " ", shown).splitlines():
        if not re.match(r"  +\S.* (=|gets|.*:) \S", line):
            continue
        assert "≈" not in line, shown
        _, *members, result = re.split(r" = |: | gets ", line.strip())
        if not re.fullmatch(r"-?[0-9.]+(e[-+][0-9]+)?", result):
            continue  # an array with its sign
        steps = []
        for member in members:
            try:
                tree = parse(member.strip().replace(")(", ")·("))
                computed = Decimal(float(evaluate(tree)))
            except UnreadableError:
                continue  # the target, or the formula in symbols
            assert rounds_to(computed, result), (member, result, shown)
            steps.append(tree)
            checked += 1
        assert all(map(follows, steps, steps[1:])), (members, shown)
        last = members[-1].strip().replace("- ", "-").replace("+ ", "")
        terms = re.fullmatch(r"(\S+)( \S+)+", last) and [Decimal(term) for term in last.split()]
        if terms and sum(terms) != Decimal(result):
            assert min(map(shown_places, map(str, terms))) < shown_places(result), (members, result)
    return checked
