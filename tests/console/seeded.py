"""A base that looks like one that somebody works with."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random
from urllib.parse import quote

from airhaul.local_base.base import LocalBase
from airhaul.wire.call import Call

_DAY = {"dateFormat": {"name": "iso"}}
_SEEN = {"timeZone": "utc", "dateFormat": {"name": "iso"}, "timeFormat": {"name": "24hour"}}


def _choices(**colors: str) -> dict:
    return {"choices": [{"name": n.replace("_", " "), "color": c} for n, c in colors.items()]}


SHIPMENTS = [
    {"name": "Consignment", "type": "singleLineText"},
    {"name": "Status", "type": "singleSelect", "options": _choices(
        Booked="blueLight2", Loaded="yellowLight1", In_the_air="cyanBright", Delivered="greenLight1",
        Held="redBright")},
    {"name": "Route", "type": "multipleSelects", "options": _choices(
        FRA="purpleLight2", LEJ="tealLight2", HKG="pinkLight2", ANC="orangeLight2", ORD="grayLight2")},
    {"name": "Weight", "type": "number", "options": {"precision": 1}},
    {"name": "Price", "type": "currency", "options": {"precision": 2, "symbol": "€"}},
    {"name": "Filled", "type": "percent", "options": {"precision": 0}},
    {"name": "Departs", "type": "dateTime", "options": _SEEN},
    {"name": "Flight time", "type": "duration", "options": {"durationFormat": "h:mm"}},
    {"name": "Care", "type": "rating", "options": {"icon": "star", "max": 5, "color": "yellowBright"}},
    {"name": "Customs", "type": "checkbox", "options": {"icon": "check", "color": "greenBright"}},
    {"name": "Due", "type": "date", "options": _DAY},
    {"name": "Notes", "type": "multilineText"},
]  # fmt: skip
PEOPLE = [
    {"name": "Name", "type": "singleLineText"},
    {"name": "Email", "type": "email"},
    {"name": "Phone", "type": "phoneNumber"},
    {"name": "Site", "type": "url"},
    {"name": "About", "type": "richText"},
    {"name": "Since", "type": "date", "options": {"dateFormat": {"name": "friendly"}}},
]
_GOODS = ("Espresso machines", "Violins", "Seed potatoes", "Wind sensors", "Wool", "Printing plates",
          "Lab glass", "Bicycle frames", "Ceramics", "Orchids", "Film reels", "Telescopes")  # fmt: skip
_NOTES = (
    "Keep upright.",
    "Not below 4 °C.\nCall the lab before opening.",
    "Two pallets.",
    None,
    None,
)


def seed(local_base: LocalBase, *, shipments: int = 180) -> dict[str, str]:
    """Fill the default base; the ids of its tables by name."""
    chance = Random(7)
    tables = {
        name: _create_table(local_base, name, fields)
        for name, fields in (
            ("Shipments", SHIPMENTS), ("Contacts", PEOPLE), ("Empty", PEOPLE[:1]))
    }  # fmt: skip
    began = datetime(2026, 3, 2, 5, 40, tzinfo=UTC)
    add_records(local_base, "Shipments", [_shipment(chance, n, began) for n in range(shipments)])
    first = (
        "Ada",
        "Grace",
        "Alan",
        "Edsger",
        "Barbara",
        "Tim",
        "Radia",
        "Donald",
        "Frances",
        "Ken",
    )
    last = ("Okafor", "Lindqvist", "Tanaka", "Moreau", "Silva")
    add_records(local_base, "Contacts", [
        {"Name": f"{one} {other}", "Email": f"{one}.{other}@example.org".lower(),
         "Phone": f"+49 30 {chance.randrange(100000, 999999)}", "Site": f"https://{other.lower()}.example",
         "About": "Prefers *short* calls.", "Since": str(date(2019, 1, 7) + timedelta(days=chance.randrange(2000)))}
        for one in first for other in last])  # fmt: skip
    local_base.requests.clear()
    return tables


def add_records(local_base: LocalBase, table: str, rows: list[dict]) -> None:
    path = f"/v0/{local_base.default_base_id}/{quote(table)}"
    for start in range(0, len(rows), 10):
        body = {"records": [{"fields": row} for row in rows[start : start + 10]], "typecast": True}
        _ask(local_base, Call("POST", path, "create", (), body))


def _create_table(local_base: LocalBase, name: str, fields: list[dict]) -> str:
    path = f"/v0/meta/bases/{local_base.default_base_id}/tables"
    return _ask(local_base, Call("POST", path, "create", (), {"name": name, "fields": fields}))[
        "id"
    ]


def _ask(local_base: LocalBase, call: Call) -> dict:
    reply = local_base.send(call, lambda: None)
    assert reply.status == 200, reply.body
    return reply.json()


def _shipment(chance: Random, number: int, began: datetime) -> dict:
    departs = began + timedelta(
        hours=7 * number + chance.randrange(5), minutes=5 * chance.randrange(12)
    )
    states = ("Delivered", "Delivered", "In the air", "Loaded", "Booked", "Booked", "Held")
    goods = _GOODS[chance.randrange(len(_GOODS))]
    route = chance.sample(("FRA", "LEJ", "HKG", "ANC", "ORD"), chance.randrange(2, 4))
    row = {
        "Consignment": f"{goods} {1001 + number}",
        "Status": chance.choice(states),
        "Route": route,
        "Weight": round(chance.uniform(3, 2400), 1),
        "Price": round(chance.uniform(90, 8200), 2),
        "Filled": round(chance.uniform(0.2, 1), 2),
        "Departs": departs.isoformat().replace("+00:00", "Z"),
        "Flight time": 60 * chance.randrange(70, 800),
        "Care": chance.randrange(1, 6),
        "Customs": chance.random() < 0.6,
        "Due": str((departs + timedelta(days=chance.randrange(2, 9))).date()),
        "Notes": chance.choice(_NOTES),
    }
    return {name: value for name, value in row.items() if value is not None}
