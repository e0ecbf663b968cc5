"""The dashboard."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, render_template, request

from server.accounts.gate import page_for
from server.claims.filters import read_filter
from server.pages import read_page
from server.reports import charts, figures
from server.reports.figures import Period
from server.services import engine, services
from sync.transaction import Transaction

blueprint = Blueprint("reports", __name__, url_prefix="/finance")
_MONTHS = 12


@blueprint.get("/dashboard")
@page_for("finance", "manager")
def dashboard() -> str:
    """What waits and why, and what was spent and refused in a period."""
    asked = read_filter(request.args)
    today = services().today()

    def view(read: Transaction) -> str:
        engine().database.plan_for_values(read.connection)
        known = figures.currencies(read) or ["CNY"]
        currency = asked.currency if asked.currency in known else "CNY" if "CNY" in known else known[0]
        period = Period(asked.since or _months_before(today, _MONTHS - 1), asked.until or f"{today:%Y-%m}", currency)
        reasons = figures.waiting_by_reason(read, currency)
        ages = figures.waiting_by_age(read, currency, today, services().config.time_zone)
        refused = figures.refused_by_reason(read, period)
        by_category, by_month = figures.spent(read, period)
        by_site, sites = figures.spent_by_site(read, period)
        return render_template(
            "reports/dashboard.html",
            period=period,
            currencies=known,
            waiting=figures.waiting(read, currency),
            panels=(
                ("reasons", "reason", reasons, charts.rows(reasons)),
                ("ages", "age", ages, charts.rows(ages)),
                ("refused", "reason", refused, charts.rows(refused)),
                ("categories", "category", by_category, charts.rows(by_category)),
                ("sites", "site", by_site, charts.rows(by_site)),
                ("months", "month", by_month, charts.columns(by_month)),
            ),
            sites=sites,
            sites_shown=figures.SITES_SHOWN,
            today=today,
        )

    return read_page(view)


def _months_before(day: date, months: int) -> str:
    """The month so many months before, `YYYY-MM`."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return f"{year}-{month + 1:02}"
