"""Triangulation in words: what disagrees, by how much, who is asked. Screen, workbook and paper share them."""

from __future__ import annotations

from bettercare.appraisal.triangulation import Disagreement, Triangulation
from bettercare.appraisal.triangulation_claims import BEYOND, DoubleClaim
from bettercare.appraisal.triangulation_lines import Line, Stated, Subject
from bettercare.plan.plan import Plan
from bettercare.reporting import badges, text
from bettercare.reporting.labels import Labels, short
from bettercare.reporting.labels import unit as in_words
from bettercare.reporting.text import counted, day, listed

WHAT_THIS_IS_NOT = (
    "A disagreement is a question, not a finding of fault: figures may differ because they are counted on another "
    "basis or at another date. What partners return is kept beside the plan and never changes it."
)
ROLES = {"provider": "provides", "payer": "pays", "pays in": "pays in", "receives": "receives"}


class Words:
    """Sentences about one triangulation, with the names that the plan gives its partners, services and sites."""

    def __init__(self, plan: Plan, found: Triangulation) -> None:
        self.found = found
        self.labels = Labels(plan)

    def partner(self, code: str) -> str:
        """A partner's name as people say it; the plan and the forecast as themselves."""
        return self.labels.partners.get(code, {"plan": "The plan", "forecast": "The forecast"}.get(code, code))

    def headline(self) -> str:
        """What was found, in one sentence."""
        t = self.found
        if not t.lines:
            return "No return holds a figure."
        figures = counted(len(t.disagreements), "figure disagrees", "figures disagree")
        beyond = sum(item.why == (BEYOND,) for item in t.double_claims)
        twice = len(t.double_claims) - beyond
        savings = counted(twice, "saving is", "savings are") if twice else "no saving is"
        if not t.disagreements:
            figures = "No figures disagree"
        more = f", {beyond:,} beyond what the forecast expects" if beyond else ""
        apart, returned = f"{100.0 * t.tolerance:g}%", counted(len(t.partners), "partner")
        return f"{figures} by more than {apart}, and {savings} claimed twice{more}, in the returns of {returned}."

    def basis_of_comparison(self) -> str:
        """What the figures were held against."""
        t = self.found
        later = f"the forecast's means of later years ({t.scenario})" if t.scenario else "no forecast of later years"
        when = f" as of {day(t.as_of)}" if t.as_of else ""
        return f"Plan {t.plan}, revision {t.revision}{when}: held against the plan's base year and {later}."

    def title(self, subject: Subject) -> str:
        """What figures are about."""
        service = self.labels.service(subject.service)
        one, other = self.partner(subject.partner), self.partner(subject.counterparty)
        if subject.topic == "activity":
            said = f"{service}, delivered by {one}" + (f" and paid for by {other}" if subject.counterparty else "")
        elif subject.topic == "payment":
            said = f"What {other} pays {one}" + (f" for {service.lower()}" if subject.service else "")
        elif subject.topic == "beds":
            said = f"Beds open, {service.lower()}, {self.labels.sites.get(subject.site, subject.site)}"
        elif subject.topic == "fund":
            said = f"Pooled fund {subject.fund}"
        else:
            said = text.first_upper(subject.topic) + f" of {one}" + (f", {service.lower()}" if subject.service else "")
        return f"{said}, {subject.year}"

    def amount(self, value: float, unit: str) -> str:
        """A figure exactly enough to be found again in the return."""
        if unit in ("GBP", ""):
            return f"{text.MINUS if value < 0 else ''}£{abs(value):,.0f}"
        return text.grouped(value, 1 if unit == "WTE" or abs(value - round(value)) > 0.05 else 0)

    def unit(self, unit: str) -> str:
        """What an amount counts, to stand after it; nothing after money."""
        return "" if unit in ("GBP", "") else f" {in_words(unit)}"

    def who(self, figure: Stated) -> str:
        """Who states a figure, and on which side."""
        side = ROLES.get(figure.role, "")
        if figure.of and not figure.by_partner:
            return f"The plan, {self.partner(figure.of)} {side}"
        return f"{self.partner(figure.who)}{f' ({side})' if side and figure.by_partner else ''}"

    def figures(self, item: Disagreement) -> list[str]:
        """Each figure with its badge."""
        return [f"{self.who(f)}: {self.amount(f.value, item.unit)} {badges.plain(f.badge)}" for f in item.figures]

    def gap(self, item: Disagreement) -> str:
        """How far apart, and between whom."""
        return f"Apart by {self.amount(item.gap, item.unit)} ({text.percent(item.share)}): {self.between(item)}."

    def between(self, item: Disagreement) -> str:
        """Between whom: `the partners differ and it differs from the plan`."""
        said = listed([BETWEEN[b] for b in item.between])
        return said.replace("the plan", "the forecast") if item.figures[-1].who == "forecast" else said

    def basis(self, item: Disagreement) -> str:
        """Which basis differs."""
        if not item.bases:
            basis = item.figures[0].basis
            return f"All count on the same basis: {basis}." if basis else "No basis is stated."
        said = [f"{self.partner(who)}: {basis or 'not stated'}" for who, basis in item.bases]
        return f"The bases differ. {'; '.join(said)}."

    def asked(self, item: Disagreement | DoubleClaim) -> str:
        """Who is asked to resolve it, why, and by when."""
        if not item.asked:
            return f"Nobody can be asked: {item.because}. By {day(item.by)}."
        because = self.labels.named(item.because)
        return f"{self.partner(item.asked)} is asked to resolve it by {day(item.by)} ({because})."

    def claim_title(self, item: DoubleClaim) -> str:
        """The saving that is claimed twice."""
        named = [f"{short(self.labels.initiatives.get(code, code), 70)} ({code})" for code in item.initiatives]
        return listed(named) if named else f"Savings of the pooled fund {item.fund}"

    def claim(self, line: Line) -> str:
        """Who claims how much, in which plan."""
        plan = f", {line.basis}" if line.basis else ""
        fund = f", {line.fund}" if line.fund and line.fund not in line.basis else ""
        claimed = f"{self.amount(line.value, 'GBP')} {badges.plain(line.badge)}"
        return f"{self.partner(line.partner)}{plan}{fund}, {line.year}: {claimed}"

    def claims(self, item: DoubleClaim) -> list[str]:
        """Each claim; of which initiative, where there are several."""
        several = len(item.initiatives) > 1
        return [self.claim(c) + (f" ({c.initiative})" if several and c.initiative else "") for c in item.claims]

    def claim_years(self, item: DoubleClaim) -> list[str]:
        """What is claimed in each year, and how much of it too much."""
        out = []
        for year in item.years:
            against = (
                ""
                if year.saving is None
                else f"; the forecast expects {self.amount(year.saving, 'GBP')} {badges.plain('modelled')}"
            )
            much = f"; {self.amount(year.too_much, 'GBP')} too much" if year.too_much > 0.0 else "; agree who counts it"
            out.append(f"{year.year}: claimed {self.amount(year.claimed, 'GBP')}{against}{much}.")
        return out

    def claim_why(self, item: DoubleClaim) -> str:
        """Why it is on the list."""
        return f"{text.first_upper(listed(list(item.why)))}."


BETWEEN = {
    "partners": "the partners differ",
    "sides of the fund": "what is paid in is not what is received",
    "its own returns": "a partner's own returns differ",
    "the plan": "it differs from the plan",
}
