"""Who and what the demo organization consists of."""

from dataclasses import dataclass

ORGANIZATION = "Northwind Pay"
SLUG = "northwind"
DAYS = 90
TRAILS = 200

PEOPLE = (  # name, role
    ("Kwame Osei", "owner"),
    ("Sofia Lindqvist", "admin"),
    ("Maeve Donnelly", "change-manager"),
    ("Ines Caldeira", "change-manager"),
    ("Jonas Ekdahl", "maintainer"),
    ("Priya Raman", "maintainer"),
    ("Tomasz Wrona", "viewer"),
)
TEAMS = {
    "Payments Core": ("Jonas Ekdahl", "Ines Caldeira"),
    "Risk": ("Priya Raman",),
    "Platform": ("Kwame Osei", "Jonas Ekdahl"),
    "Merchant Experience": ("Sofia Lindqvist", "Tomasz Wrona"),
}
SYSTEMS = {"Acquiring": "Payments", "Settlement": "Payments", "Fraud and KYC": "Risk", "Portal": "Merchants"}


@dataclass(frozen=True)
class Software:
    """One component: who owns it, what it is for, how much hangs on it."""

    name: str
    team: str
    system: str
    about: str
    criticality: str = "high"
    kind: str = "service"
    lifecycle: str = "production"


COMPONENTS = (
    Software("checkout-api", "Payments Core", "Acquiring", "Takes a card payment from the shop.", "critical", "api"),
    Software("card-vault", "Payments Core", "Acquiring", "Keeps card numbers so that nothing else has to.", "critical"),
    Software("ledger-core", "Payments Core", "Settlement", "Double-entry books of every payment.", "critical"),
    Software("payout-worker", "Payments Core", "Settlement", "Pays merchants what they are owed each night."),
    Software("refund-engine", "Payments Core", "Settlement", "Gives money back, whole or in part.", "medium"),
    Software("fx-rates", "Platform", "Settlement", "Exchange rates of the day, for every currency.", "medium"),
    Software("webhook-relay", "Platform", "Portal", "Tells shops what happened to their payments."),
    Software("notify-hub", "Platform", "Portal", "Mail and text messages to card holders.", "low"),
    Software("fraud-scoring", "Risk", "Fraud and KYC", "Scores a payment before it is taken.", "critical"),
    Software("kyc-gateway", "Risk", "Fraud and KYC", "Asks who a merchant is.", "high", "api"),
    Software("merchant-portal", "Merchant Experience", "Portal", "Where merchants see their money.", "high", "product"),
    Software(
        "statement-render",
        "Merchant Experience",
        "Portal",
        "Monthly statements as PDF.",
        "low",
        lifecycle="maintenance",
    ),
)
NEEDS = {  # what a component can't work without
    "checkout-api": ("card-vault", "fraud-scoring", "ledger-core"),
    "payout-worker": ("ledger-core", "fx-rates"),
    "refund-engine": ("ledger-core", "card-vault"),
    "merchant-portal": ("statement-render", "kyc-gateway"),
    "webhook-relay": ("notify-hub",),
    "statement-render": ("ledger-core",),
}
REQUIRED = ("junit", "sbom", "container-scan")
AUTHORS = (
    ("Jonas Ekdahl", "jonas.ekdahl"),
    ("Priya Raman", "priya.raman"),
    ("Ines Caldeira", "ines.caldeira"),
    ("Tomasz Wrona", "tomasz.wrona"),
)


def email(name: str) -> str:
    """The demo address of a person."""
    return f"{name.lower().replace(' ', '.')}@northwind.example"


def repository(name: str) -> str:
    """The demo repository of a component."""
    return f"https://git.northwind.example/pay/{name}"


def slo(name: str) -> dict[str, object]:
    """The demo objective of a component."""
    return {
        "title": "Answers",
        "description": f"Requests that {name} answers without an error of its own.",
        "type": "availability",
        "target": "99.9 %",
        "period": 30,
    }


# name: description, files, keys and values it keeps in each environment
PROJECTS: dict[str, tuple[str, list[dict[str, str]], dict[tuple[str, ...], str]]] = {
    "Ledger to accounting": (
        "Books every settled payout in the accounting system, once.",
        [
            {"filename": "src/index.ts", "content": "export const schedule = '*/10 * * * *'\n"},
            {"filename": "package.json", "content": '{"name": "ledger-to-accounting"}\n'},
        ],
        {("cursor", "payouts"): '"2026-11-20T17:40:00Z"', ("map", "EUR"): "4400", ("map", "GBP"): "4410"},
    ),
    "Merchant onboarding": (
        "Takes merchants from the sales system and asks for what is missing.",
        [{"filename": "src/index.ts", "content": "export const webhook = 'merchant'\n"}],
        {("cursor", "merchants"): "48113"},
    ),
}
