"""Linked models that are named by text, because they are declared later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from weakref import WeakSet

from airhaul.errors import SchemaError
from airhaul.model.base import RecordBase


class LinkedByName:
    """The model of ``Link["Contact"]``, which is looked up when it is needed.

    Args:
        name: The name of its class.

    Attributes:
        owner: The model that has the link; the name is looked up where that one is declared.
    """

    def __init__(self, name: str) -> None:
        self.__name__ = name
        self.owner: type[RecordBase] | None = None
        self._found: type[RecordBase] | None = None

    def __repr__(self) -> str:
        return repr(self.__name__)

    def resolve(self) -> type[RecordBase]:
        """Look up the model.

        Raises:
            SchemaError: No model has the name, or models of several modules have it.
        """
        if self._found is None:
            self._found = self._near_the_owner() or self._the_only()
        return self._found

    def _near_the_owner(self) -> type[RecordBase] | None:
        return None if self.owner is None else _models_near(self.owner).get(self.__name__)

    def _the_only(self) -> type[RecordBase]:
        by_module = {one.__module__: one for one in _all_models() if one.__name__ == self.__name__}
        if len(by_module) == 1:
            return next(iter(by_module.values()))
        whose = "" if self.owner is None else f"{self.owner.__name__}: "
        if by_module:
            raise SchemaError(
                f"{whose}several modules declare a model {self.__name__}: "
                f"{', '.join(sorted(by_module))}. Import the right one, and link to "
                f"Link[{self.__name__}], without quotes."
            )
        name = self.__name__
        raise SchemaError(
            f"{whose}no model is called {name}, as Link[{name!r}] needs. Declare it, or import the "
            "module that does, before the link is used."
        )


def _all_models() -> Iterator[type[RecordBase]]:
    """All models that are declared, in the order of their declaration below each parent."""
    waiting: list[type[RecordBase]] = [RecordBase]
    while waiting:
        model = waiting.pop()
        yield model
        waiting += reversed(model.__subclasses__())


def _models_near(owner: type[RecordBase]) -> Mapping[str, type[RecordBase]]:
    """The models that code next to a model can name: those of its module, inner scopes first."""
    scopes = owner.__qualname__.split(".")[:-1]
    visible = {".".join(scopes[:depth]): depth for depth in range(len(scopes) + 1)}
    found: dict[str, tuple[int, type[RecordBase]]] = {}
    for model in _all_models():
        depth = visible.get(model.__qualname__.rpartition(".")[0])
        is_near = model.__module__ == owner.__module__ and depth is not None
        if is_near and found.get(model.__name__, (-1, model))[0] <= (depth or 0):
            found[model.__name__] = depth or 0, model
    return {name: model for name, (_, model) in found.items()}


def complete(model: type[RecordBase], **options: Any) -> None:
    """Resolve the forward references of a model, also those to models inside of a function.

    Args:
        model: The model.
        **options: Further arguments of pydantic's ``model_rebuild``.

    Raises:
        PydanticUndefinedAnnotation: A name is not declared yet, unless ``raise_errors`` is False.
    """
    if not model.__pydantic_complete__:
        model.model_rebuild(_types_namespace=_models_near(model), **options)


_waiting: WeakSet[type[RecordBase]] = WeakSet()


def completed_by(model: type[RecordBase]) -> list[type[RecordBase]]:
    """Complete the models that have waited for the declaration of another one.

    Args:
        model: The model that is declared; if it is not complete itself, it waits, too.

    Returns:
        The models that are complete now.
    """
    done: list[type[RecordBase]] = []
    for other in list(_waiting):
        complete(other, raise_errors=False)
        if other.__pydantic_complete__:
            _waiting.discard(other)
            done.append(other)
    if not model.__pydantic_complete__:
        _waiting.add(model)
    return done
