"""Schedule rules: which texts mean a time, day or month, and which moments lie within them."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from releases.services.schedule import PARTS, Unreadable, faults, judge, normal, seconds_of

AT = datetime(2021, 5, 7, 12, 44, 59, 105536, tzinfo=UTC)  # a Friday


def parts(**given: str | None) -> dict[str, str | None]:
    """A rule with these parts, none other set."""
    return dict.fromkeys(PARTS) | given


def matches(at: datetime = AT, zone=UTC, **given: str | None) -> bool:
    return judge(parts(**given), at, zone).matches


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1:20", 4800),
        ("01:20", 4800),
        ("16:5", 57900),
        ("8:47:1", 31621),
        ("0:00", 0),
        ("24:00", 86400),
        ("23:60", 86400),
        ("1:59:60", 7200),
    ],
)
def test_a_time_is_hours_minutes_and_perhaps_seconds(text, seconds):
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(
    ("text", "component"),
    [
        ("", "time"),
        ("1", "time"),
        ("1:2:3:4", "time"),
        (":", "hour"),
        ("a:", "hour"),
        ("-1:", "hour"),
        ("25:", "hour"),
        ("001:20", "hour"),
        ("\u0661:20", "hour"),  # a digit, but not one of ours
        (" 1:20", "hour"),
        ("1:", "minute"),
        ("1:b", "minute"),
        ("1:-1", "minute"),
        ("1:61", "minute"),
        ("1:30:", "second"),
        ("1:30:c", "second"),
        ("1:30:-1", "second"),
        ("1:30:61", "second"),
    ],
)
def test_a_bad_time_is_refused_by_the_name_of_its_component(text, component):
    assert faults(parts(begin_time=text, end_time="24:00"))["begin_time"].startswith(component)
    assert faults(parts(begin_time="0:00", end_time=text))["end_time"].startswith(component)


@pytest.mark.parametrize(
    ("name", "text", "component"),
    [
        ("days_of_week", "today", "weekday"),
        ("days_of_week", "mon:tue", "weekday"),
        ("days_of_week", "8", "weekday"),
        ("days_of_week", "-1", "weekday"),
        ("days_of_month", "aa", "day of month"),
        ("days_of_month", "1:2", "day of month"),
        ("days_of_month", "32", "day of month"),
        ("days_of_month", "0", "day of month"),
        ("days_of_month", "-1", "day of month"),
        ("months_of_year", "today", "month"),
        ("months_of_year", "jan:feb", "month"),
        ("months_of_year", "-1", "month"),
        ("months_of_year", "0", "month"),
        ("months_of_year", "13", "month"),
    ],
)
def test_a_bad_day_or_month_is_refused(name, text, component):
    assert faults(parts(**{name: text}))[name].startswith(component)


def test_begin_and_end_go_together():
    assert faults(parts(begin_time="1:00")) == {"end_time": "must be set when begin_time is"}
    assert faults(parts(end_time="1:00")) == {"begin_time": "must be set when end_time is"}


def test_all_parts_are_checked_at_once():
    assert set(faults({"begin_time": "x", "end_time": "1", "days_of_week": "?", "months_of_year": "?"})) == {
        "begin_time",
        "end_time",
        "days_of_week",
        "months_of_year",
    }


def test_a_list_without_words_is_not_set():
    assert normal(parts(days_of_week="", days_of_month="  ", months_of_year="may")) == parts(months_of_year="may")


def test_a_rule_without_parts_matches_always():
    assert matches()


@pytest.mark.parametrize(
    ("begin", "end", "expected"),
    [
        ("12:00", "13:00", True),
        ("0:00", "24:00", True),
        ("12:44:59", "12:45", True),
        ("12:45", "13:00", False),
        ("12:00", "12:44:59", False),  # the end is that very instant
        ("22:00", "6:00", False),  # both ends lie on the release's own date
        ("13:00", "12:00", False),
    ],
)
def test_a_window_holds_both_of_its_ends(begin, end, expected):
    assert matches(begin_time=begin, end_time=end) is expected


def test_the_last_instant_of_a_window_is_in_it():
    assert matches(at=AT.replace(hour=18, minute=0, second=0, microsecond=0), begin_time="9:00", end_time="18:00")
    assert not matches(
        at=AT.replace(hour=18, minute=0, second=0, microsecond=500000), begin_time="9:00", end_time="18:00"
    )


@pytest.mark.parametrize("at", [datetime(2021, 5, 7, 23, 30, tzinfo=UTC), datetime(2021, 5, 8, 3, 0, tzinfo=UTC)])
def test_a_window_over_midnight_never_matches(at):
    assert not matches(at=at, begin_time="22:00", end_time="6:00")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7 4 5 6", True),
        ("  mon  wed    ", False),
        ("monDay TUE 3", False),
        ("Friday", True),
        ("FRI", True),
        ("5", True),
        ("sat sun", False),
    ],
)
def test_weekdays_are_names_or_numbers(text, expected):
    assert matches(days_of_week=text) is expected


@pytest.mark.parametrize("text", ["0", "7", "sun", "SUNDAY"])
def test_sunday_has_two_numbers(text):
    assert matches(at=datetime(2021, 5, 9, tzinfo=UTC), days_of_week=text)
    assert not matches(at=datetime(2021, 5, 10, tzinfo=UTC), days_of_week=text)


@pytest.mark.parametrize(("text", "expected"), [("7", True), ("07 8", True), (" 1  6 ", False)])
def test_days_of_the_month(text, expected):
    assert matches(days_of_month=text) is expected


@pytest.mark.parametrize(("text", "expected"), [("dec apr 5", True), ("MAY", True), ("May june", True), ("4 6", False)])
def test_months_are_names_or_numbers(text, expected):
    assert matches(months_of_year=text) is expected


def test_every_part_must_match():
    assert matches(begin_time="12:00", end_time="13:00", days_of_week="fri", days_of_month="7", months_of_year="may")
    assert not matches(begin_time="12:00", end_time="13:00", days_of_week="fri", days_of_month="8")


def test_a_part_that_cannot_be_read_is_found_behind_one_that_does_not_match():
    with pytest.raises(Unreadable):
        judge(parts(days_of_week="mon", days_of_month="32"), AT, UTC)


def test_times_are_read_on_the_wall_clock_of_the_zone():
    oslo = ZoneInfo("Europe/Oslo")

    assert matches(zone=oslo, begin_time="14:44", end_time="14:45")  # summer time: two hours ahead
    assert matches(at=AT.replace(month=1), zone=oslo, begin_time="13:44", end_time="13:45")
    assert matches(at=datetime(2021, 5, 9, 22, 30, tzinfo=UTC), zone=oslo, days_of_week="mon", days_of_month="10")


def test_a_zone_of_the_rules_own_goes_before_the_organizations():
    oslo = ZoneInfo("Europe/Oslo")

    assert matches(zone=oslo, time_zone="Asia/Tokyo", begin_time="21:44", end_time="21:45")
    assert judge(parts(time_zone="Asia/Tokyo"), AT, oslo).reason.startswith("Friday 2021-05-07 21:44:59 Asia/Tokyo")
    assert normal(parts(time_zone=" "))["time_zone"] is None
    assert faults(parts(time_zone="Mars/Olympus")) == {"time_zone": "'Mars/Olympus' is no IANA time zone name"}


def test_the_answer_says_why_and_in_which_zone():
    answer = judge(parts(begin_time="9:00", end_time="12:00", days_of_week="mon  fri"), AT, ZoneInfo("Europe/Oslo"))

    assert answer.reason == "Friday 2021-05-07 14:44:59 Europe/Oslo is outside of: 9:00 to 12:00."
