"""What pipelines, code host and tracker of the demo report: changes, deployments, incidents, standards."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from django.utils import timezone

from catalog.services.deliveries import Reported, report_delivery
from compliance.services.standards import baseline_in_force, record_standards
from compliance.standards import CHECKS, result_names
from config.demo import world
from config.demo.setup import Demo

Later = Callable[[datetime, Callable[[], None]], None]
CHECKED = (80, 52, 24, 3)  # days ago, when the standards of all repositories were checked
LACKING = ("Security information", "Code owners", "Changelog", "SLOs", "Contribution information")
STATUS = {"error": "failure", "warn": "warning"}
PATHS = {check.result: check.path for check in CHECKS.values()}


class Pipelines:
    """Reports in the name of the demo's webhook token; `later` puts on the agenda what follows."""

    def __init__(self, demo: Demo, later: Later):
        self.demo, self.later = demo, later
        self.deployments = 0

    def plan(self, now: datetime) -> None:
        """Put the checks of standards on the agenda."""
        for turn, days in enumerate(CHECKED):
            for minutes, software in enumerate(world.COMPONENTS):
                when = now - timedelta(days=days, minutes=minutes)
                self.later(when, partial(self.check, software.name, turn))

    def merged(self, component: str, commit: str, number: int) -> None:
        """A pull request was merged, which is the change that may be deployed."""
        now = timezone.now()
        opened = now - timedelta(hours=3 + number * 7 % 40)
        self.report(component, Reported(kind="pr-merged", started_at=opened, ended_at=now))
        self.report(component, Reported(kind="change", commit=commit, at=now))

    def deployed(self, component: str, commit: str) -> None:
        """A commit went to production; not each of them does well there."""
        now = timezone.now()
        self.deployments += 1
        self.report(component, Reported(kind="deployment", commit=commit, at=now))
        if self.deployments % 8 == 3:
            began = now + timedelta(minutes=18)
            incident = f"OPS-{140 + self.deployments}"
            self.later(began, partial(self.opened, component, incident, began))

    def opened(self, component: str, incident: str, began: datetime) -> None:
        """Somebody notices that it does not; after a while it does again."""
        self.report(component, Reported(kind="incident-opened", external_id=incident, started_at=began))
        ended = began + timedelta(minutes=25 * (1 + self.deployments % 7))
        said = Reported(kind="incident-resolved", external_id=incident, started_at=began, ended_at=ended)
        self.later(ended, partial(self.report, component, said))

    def report(self, component: str, said: Reported) -> None:
        """One event."""
        report_delivery(actor=self.demo.pusher, component=self.demo.components[component], said=said)

    def check(self, name: str, turn: int) -> None:
        """One run of the default baseline; repositories get better over time, some faster."""
        component = self.demo.components[name]
        config = baseline_in_force(component).config
        lacking = LACKING[: max(0, len(name) % 5 + 1 - turn)]
        severity = {CHECKS[check["name"]].result: STATUS[check["severity"]] for check in config["checks"]}
        results = [
            {"name": each, "status": severity[each] if each in lacking else "pass", "path": PATHS[each]}
            for each in result_names(config)
        ]
        if len(name) % 4 == 0 and turn < 3:
            results[1]["status"] = severity[results[1]["name"]]
        counts = [sum(each["status"] == status for each in results) for status in ("pass", "warning", "failure")]
        record_standards(
            actor=self.demo.pusher,
            component=component,
            passes=counts[0],
            warnings=counts[1],
            failures=counts[2],
            results=results,
        )
