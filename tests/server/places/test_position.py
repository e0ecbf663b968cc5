"""Where a position lies, and where it does not tell."""

from __future__ import annotations

import math

import pytest

from server.places.borders import prefectures
from server.places.divisions import all_divisions, distance_km, prefecture_of
from server.places.position import divisions_at, from_gcj02, to_gcj02


@pytest.mark.parametrize(
    ("lat", "lon", "code"),
    [
        (30.2741, 120.1551, "330100"),
        (39.9042, 116.4074, "110000"),
        (31.2304, 121.4737, "310000"),
        (29.5630, 106.5516, "500000"),
        (22.2793, 114.1628, "810000"),
        (22.1987, 113.5439, "820000"),
        (25.0330, 121.5654, "710000"),
        (30.3647, 113.4426, "429004"),
        (44.3059, 86.0417, "659001"),
        (19.7384, 110.0066, "469023"),
        (39.9540, 116.7980, "131000"),
    ],
)
def test_a_position_lies_in_its_prefecture(lat: float, lon: float, code: str) -> None:
    assert divisions_at(lat, lon)[0] == code


def test_near_a_border_both_sides_are_meant() -> None:
    huaqiao = (31.2985, 121.1075)
    assert divisions_at(*huaqiao, accuracy_m=3_000)[0] == "320500"
    assert set(divisions_at(*huaqiao, accuracy_m=3_000)) == {"320500", "310000"}
    assert set(divisions_at(22.5333, 114.1130)) == {"440300", "810000"}


def test_a_coarse_position_means_all_it_may_be() -> None:
    assert len(divisions_at(30.2741, 120.1551, accuracy_m=100_000)) > 3
    assert divisions_at(30.2741, 120.1551, accuracy_m=-5) == ("330100",)


@pytest.mark.parametrize(
    ("lat", "lon"),
    [(35.6762, 139.6503), (0.0, 0.0), (20.0, 125.0), (91.0, 10.0), (math.nan, 120.0), (30.0, math.inf)],
)
def test_abroad_at_sea_and_nowhere_there_is_no_division(lat: float, lon: float) -> None:
    assert divisions_at(lat, lon) == ()


def test_every_prefecture_of_today_has_its_borders() -> None:
    have = set(prefectures()[1])
    want = {prefecture_of(code) for code in all_divisions()} - {None}
    assert have == want
    assert all(polygon.is_valid for polygon in prefectures()[0].geometries)


@pytest.mark.parametrize(("lat", "lon"), [(30.2741, 120.1551), (39.9042, 116.4074), (43.8, 87.6), (18.25, 109.5)])
def test_shifted_coordinates_come_back_within_a_metre(lat: float, lon: float) -> None:
    shifted = to_gcj02(lat, lon)
    here, there = {"lat": lat, "lon": lon}, {"lat": shifted[0], "lon": shifted[1]}
    assert 0.04 < distance_km(here, there) < 0.8
    back = from_gcj02(*shifted)
    assert distance_km(here, {"lat": back[0], "lon": back[1]}) < 0.001


def test_abroad_nothing_is_shifted() -> None:
    assert from_gcj02(48.85, 2.35) == (48.85, 2.35)
