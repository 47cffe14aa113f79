"""A client that others wrote, connected to the served local base, and tables to try it on."""

from __future__ import annotations

from collections.abc import Iterator

import pyairtable
import pytest
import requests
from requests.adapters import HTTPAdapter

from airhaul.local_base.base import LocalBase
from airhaul.local_base.http.serve import LocalServer

DATE = {"dateFormat": {"name": "iso"}}
MOMENT = {"timeZone": "utc", **DATE, "timeFormat": {"name": "24hour"}}
PEOPLE = [
    {"name": "Name", "type": "singleLineText"},
    {"name": "Age", "type": "number", "options": {"precision": 0}},
    {"name": "Active", "type": "checkbox", "options": {"icon": "check", "color": "greenBright"}},
    {
        "name": "Status",
        "type": "singleSelect",
        "options": {"choices": [{"name": "todo"}, {"name": "done"}]},
    },
    {"name": "Born", "type": "date", "options": DATE},
    {"name": "Seen", "type": "dateTime", "options": MOMENT},
]


class UploadsHere(HTTPAdapter):
    """Sends uploads to the local base: this client sends them to another host than all else."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def send(self, request: requests.PreparedRequest, **options) -> requests.Response:
        request.url = request.url.replace("http://content.airtable.com", self.url)
        return super().send(request, **options)


def connect(server: LocalServer, **options) -> pyairtable.Api:
    """The client, with its options."""
    api = pyairtable.Api("patAnything.x", endpoint_url=server.url, **options)
    api.session.mount("http://content.airtable.com", UploadsHere(server.url))
    return api


@pytest.fixture
def api(server: LocalServer) -> Iterator[pyairtable.Api]:
    api = connect(server)
    yield api
    api.session.close()


@pytest.fixture
def base(api: pyairtable.Api, local_base: LocalBase) -> pyairtable.Base:
    return api.base(local_base.default_base_id)


@pytest.fixture
def table(base: pyairtable.Base) -> pyairtable.Table:
    return base.create_table("People", PEOPLE)
