"""What goes wrong in an answer to Qt is told as Python tells it, and never leaves that answer. No Qt here.

Where an event is delivered within a call from Python (a paint that the window asks for, a focus that is set, a key
that a test presses), PySide keeps an exception until that call returns. Before Python 3.12 one that numpy or Qt raised
is not yet an object of its class then, and keeping it ends the process.
"""

import inspect
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

Method = TypeVar("Method", bound=Callable[..., Any])


def contained(method: Method) -> Method:
    """A method that Qt calls, without the exceptions that leave it; where one did, it answers False."""

    @wraps(method)
    def answer(*arguments: Any) -> Any:
        try:
            return method(*arguments)
        except Exception:
            sys.excepthook(*sys.exc_info())
            return False

    return answer  # type: ignore[return-value]


def contain_events(cls: type) -> None:
    """Every method of a class that answers an event, `contained`."""
    for name, method in list(vars(cls).items()):
        if name.endswith("Event") and inspect.isfunction(method):
            setattr(cls, name, contained(method))
