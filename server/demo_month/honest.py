"""The honest month: jobs, journeys and what they cost, with the cases that look odd and are not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random

from server.demo_month.cities import CITIES, HOME, SITES, City, Numbers, after, railway, sellers, taxis
from server.demo_month.plan import Journey, Paper, Tool, allowance, at_site

WEEKS = ((date(2026, 10, 8), 2), (date(2026, 10, 12), 4), (date(2026, 10, 19), 4), (date(2026, 10, 26), 3))
"""Begin and days of the four rounds of trips; the first ends on Saturday the 10th, a working day that makes up."""
EMERGENCIES = (date(2026, 10, 2), date(2026, 10, 5), date(2026, 10, 17), date(2026, 10, 24))
"""Days of rest on which somebody is called out, and planned for it."""
DEPARTURE, NOON, AFTERNOON, EVENING = 6, 12, 16, 19


class Honest:
    """Draws the journeys of a month from one seed, so that every run gives the same month."""

    def __init__(self, technicians: int, names: list[str], density: float = 1.0, seed: int = 2026) -> None:
        self.random = Random(seed)  # noqa: S311 (a demo must come out the same each time)
        self.numbers = Numbers(2026)
        self.technicians = technicians
        self.names = names
        self.density = density
        self.on_call = {(at * 7 + 3) % technicians for at in range(len(EMERGENCIES))}

    def journeys(self) -> list[Journey]:
        """All trips of the month, in the order of their ends."""
        trips: list[Journey] = []
        for begins, days in WEEKS:
            for who in range(self.technicians):
                is_pair = who % 10 == 1
                city = trips[-1].city if is_pair else self.random.choice(CITIES)
                stops = [(city, begins, begins + timedelta(days))]
                trip = Journey(who, stops, f"{city.name}{self.random.choice(SITES)}检修")
                trip.papers = list(self._papers(trip))
                if is_pair:
                    self._share(trips[-1], trip)
                trips.append(trip)
        for at, day in enumerate(EMERGENCIES):
            city = CITIES[at]
            trip = Journey(
                sorted(self.on_call)[at % len(self.on_call)], [(city, day, day + timedelta(1))], f"{city.name}抢修"
            )
            trip.papers = [paper.marked("honest", "weekend emergency job") for paper in self._papers(trip)]
            trips.append(trip)
        for trip in trips:
            trip.papers += _allowances(trip)
        return sorted(trips, key=lambda trip: (trip.ends, trip.who))

    def invoice(self, category: str, amount: int, day: date, city: City, shop: int | None = None) -> Paper:
        """An e-invoice of one of the city's shops."""
        shops = sellers(city, category)
        seller = self.random.choice(shops) if shop is None else shops[shop]
        return at_site(Paper("invoice", category, amount, day, seller, self.numbers.digital(city)), city)

    def slip(self, amount: int, day: date, city: City) -> Paper:
        """A taxi's slip on a photograph."""
        code, number = self.numbers.slip(city)
        return at_site(Paper("slip", "transport", amount, day, taxis(city), number, code), city, AFTERNOON)

    def train(self, trip: Journey, start: City, end: City, day: date) -> Paper:
        """A railway ticket's file."""
        number, fare = self.numbers.digital(start, 9), 7300 + 50 * self.random.randrange(900)
        paper = Paper("rail", "transport", fare, day, railway(), number, ends=(start.station, end.station))
        paper.passenger = self.names[trip.who]
        return at_site(paper, start, DEPARTURE)

    def _papers(self, trip: Journey) -> Iterator[Paper]:
        """A trip's usual costs: the way there and back, a room, meals, taxis, sometimes parking, parts or a tool."""
        city, begins, ends = trip.stops[0]
        is_late = ends.weekday() == 4 and trip.who not in self.on_call and self.random.random() < 0.3
        home_on = ends + timedelta(1) if is_late else ends
        yield self.train(trip, HOME, city, begins)
        yield self.train(trip, city, HOME, home_on)
        if home_on != ends:
            yield self.invoice("meal", 1500, home_on, city).marked("honest", "breakfast on the Saturday home")
        nights = (ends - begins).days
        yield self.invoice("lodging", nights * (22800 + 1000 * self.random.randrange(11)), ends, city)
        for offset in range(nights + 1):
            yield from self._day(begins + timedelta(offset), city, home_on)
        yield from self._extras(trip, city, begins + timedelta(1))

    def _day(self, day: date, city: City, home_on: date) -> Iterator[Paper]:
        for hour in (NOON, EVENING):
            if self.random.random() < 0.92 * self.density:
                meal = self.invoice("meal", 1500 + 10 * self.random.randrange(500), day, city)
                yield self._as_life_is(at_site(meal, city, hour), home_on)
        if self.random.random() < 0.8 * self.density:
            yield self._as_life_is(self.slip(100 * self.random.randrange(13, 60), day, city), home_on)

    def _extras(self, trip: Journey, city: City, day: date) -> Iterator[Paper]:
        chance = self.random.random()
        if chance < 0.2:
            fare = 100 * self.random.randrange(15, 40)
            yield from (self.slip(fare, day, city).marked("honest", "two equal taxi fares") for _ in range(2))
        elif chance < 0.35:
            first = self.slip(1000, day, city)
            second = at_site(Paper("slip", "transport", 1000, day, first.seller, after(first.number), first.code), city)
            yield from (paper.marked("honest", "parking tickets bought together") for paper in (first, second))
        elif chance < 0.5:
            yield self.invoice("parts", 8000 + 10 * self.random.randrange(3000), day, city)
        elif chance < 0.65:
            yield self._bought_tool(trip, city, day)

    def _bought_tool(self, trip: Journey, city: City, day: date) -> Paper:
        paper = self.invoice("tool", 15000 + 100 * self.random.randrange(300), day, city)
        serial = f"{self.random.choice(('TW', 'VB', 'MG'))}{self.random.randrange(10**6):06}{trip.who:02}"
        paper.tool = Tool(self.random.choice(("扭力扳手", "测振仪", "万用表")), [serial], [serial])
        return paper

    def _as_life_is(self, paper: Paper, home_on: date) -> Paper:
        """Some pictures have no position, some are taken at home when the trip is over."""
        chance = self.random.random()
        if chance < 0.1:
            paper.position = None
            return paper.marked("honest", "no position")
        if chance < 0.2:
            paper.captured_at = f"{home_on.isoformat()}T23:00:00+08:00"
            paper.position = {"lat": HOME.lat, "lon": HOME.lon, "accuracy_m": 40.0}
            return paper.marked("honest", "photographed at home")
        return paper

    def _share(self, first: Journey, second: Journey) -> None:
        """Two on one job: a hotel at one price, and a dinner for which each takes an invoice."""
        room = next(paper for paper in first.papers if paper.category == "lodging")
        own = next(paper for paper in second.papers if paper.category == "lodging")
        own.seller, own.amount = room.seller, room.amount
        dinner = self.invoice("meal", 6300, first.begins, first.city)
        half = at_site(Paper("invoice", "meal", 6300, dinner.day, dinner.seller, after(dinner.number)), first.city)
        for trip, papers in ((first, (room, dinner)), (second, (own, half))):
            trip.papers.append(papers[1])
            for paper in papers:
                paper.marked("honest", "colleagues on one job")


def _allowances(trip: Journey) -> list[Paper]:
    """Two technicians of five claim the allowance: of the whole trip, or without the day on which they go home."""
    if trip.who % 5 not in (0, 3):
        return []
    is_whole = trip.who % 10 != 8
    last = trip.ends if is_whole else trip.ends - timedelta(1)
    paper = allowance(trip.begins, last, trip.city)
    return [paper if is_whole else paper.marked("honest", "allowance of a part of the trip")]
