"""What editors show for a verb: what it does, every argument, what it returns."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

import pytest

from airhaul import Airtable, Query, Record, Table
from airhaul.client.options import (
    FileOptions,
    ImportOptions,
    PlanSyncFileOptions,
    ReadOptions,
    SyncFileOptions,
    SyncOptions,
    SyncWriteOptions,
    WriteOptions,
)
from airhaul.model.base import RecordBase

# The async classes have the same text: these are generated from them.
CLASSES = (Record, Table, Query, Airtable)
OPTIONS = (ReadOptions, WriteOptions, SyncOptions, FileOptions)
COMBINED = (SyncWriteOptions, ImportOptions, SyncFileOptions, PlanSyncFileOptions)
ALL_OPTIONS = {kind.__name__: kind for kind in (*OPTIONS, *COMBINED)}
ENTRY = re.compile(r"^( {4}| {8})(\*{0,2}\w+): (.*)")


def verbs_of(cls: type) -> dict[str, Callable[..., Any]]:
    """The public functions of a class, those of its mixins included."""
    names = {name for name in dir(cls) if not name.startswith("_")}
    if issubclass(cls, Record):
        names -= set(dir(RecordBase))  # pydantic's
    found = {name: inspect.getattr_static(cls, name) for name in sorted(names)}
    functions = {name: getattr(verb, "__func__", verb) for name, verb in found.items()}
    return {name: verb for name, verb in functions.items() if inspect.isfunction(verb)}


VERBS = [
    pytest.param(verb, id=f"{cls.__name__}.{name}")
    for cls in CLASSES
    for name, verb in verbs_of(cls).items()
]


def sections(verb: Any) -> dict[str, list[str]]:
    """The lines of a docstring by section; the text before the first one is under ``""``."""
    found: dict[str, list[str]] = {"": []}
    title = ""
    for line in inspect.cleandoc(verb.__doc__ or "").splitlines():
        if re.fullmatch(r"Args|Returns|Yields|Raises", line.removesuffix(":")):
            title = line.removesuffix(":")
        else:
            found.setdefault(title, []).append(line)
    return found


def arguments(documented: Any) -> dict[str, str]:
    """The documented arguments, those nested under ``**options`` included, each on one line."""
    found: dict[str, str] = {}
    name = ""
    for line in sections(documented).get("Args", []):
        entry = ENTRY.match(line)
        if entry and (len(entry[1]) == 4 or "options" in found):
            name = entry[2].lstrip("*")
            found[name] = entry[3]
        elif line.strip():
            found[name] += " " + line.strip()
    return found


def options_of(verb: Any) -> type | None:
    """The ``TypedDict`` of the verb's ``**options``."""
    named = re.fullmatch(r"Unpack\[(\w+)\]", str(verb.__annotations__.get("options")))
    return ALL_OPTIONS[named[1]] if named else None


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_documents_its_arguments(verb: Any) -> None:
    """Editors show each parameter of a verb, in the order of its signature."""
    signature = [name for name in inspect.signature(verb).parameters if name not in ("self", "cls")]
    documented = [name for name in arguments(verb) if name in signature]
    assert documented == signature


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_documents_its_options(verb: Any) -> None:
    """Editors show each option of a verb, or the class that lists them."""
    options = options_of(verb)
    if options is not None:
        documented = arguments(verb)
        is_listed = documented.keys() >= options.__annotations__.keys()
        assert is_listed or options.__name__ in documented["options"]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_documents_what_it_returns(verb: Any) -> None:
    """A verb that returns something says what, and one that returns nothing does not."""
    returns_something = str(verb.__annotations__["return"]) != "None"
    assert bool({"Returns", "Yields"} & sections(verb).keys()) == returns_something


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_begins_with_one_sentence(verb: Any) -> None:
    """The first line is a sentence of its own, and none sends the reader to another verb."""
    first, *rest = inspect.cleandoc(verb.__doc__ or "").splitlines()
    assert first.endswith(".")
    assert not rest or not rest[0]
    assert not re.search(r"\b[Ss]ee ``|[Aa]rguments as|\bas of ``", verb.__doc__ or "")


@pytest.mark.parametrize("verb", VERBS)
def test_options_are_documented_in_the_same_words(verb: Any) -> None:
    """An option means the same for every verb, so its text is that of the option's class."""
    canonical = {name: text for kind in OPTIONS for name, text in arguments(kind).items()}
    verb_options = options_of(verb)
    shared = {*WriteOptions.__annotations__, *SyncOptions.__annotations__}
    shared |= {*FileOptions.__annotations__}
    if verb_options is not None:
        shared |= verb_options.__annotations__.keys()
    documented = {name: text for name, text in arguments(verb).items() if name in shared}
    assert documented == {name: canonical[name] for name in documented}


@pytest.mark.parametrize("kind", OPTIONS)
def test_options_are_documented_where_they_are_defined(kind: Any) -> None:
    """Each option has its text in its own class."""
    assert list(arguments(kind)) == list(kind.__annotations__)


@pytest.mark.parametrize("name", sorted(verbs_of(Record).keys() & verbs_of(Table).keys()))
def test_a_model_and_its_table_say_the_same(name: str) -> None:
    """``User.get`` and ``airtable.table(User).get`` are one verb, and have one description."""
    of_model, of_table = verbs_of(Record)[name], verbs_of(Table)[name]
    assert sections(of_model)[""] == sections(of_table)[""]
    assert sections(of_model).get("Raises") == sections(of_table).get("Raises")
    of_both = arguments(of_model).keys() & arguments(of_table).keys()
    for argument in of_both - {"options"}:
        assert arguments(of_model)[argument] == arguments(of_table)[argument]


def test_a_model_has_every_verb_of_its_table() -> None:
    """No verb of a table is missing on a model but the ones that rooms of airhaul share."""
    assert verbs_of(Table).keys() - verbs_of(Record).keys() == {"import_again"}
