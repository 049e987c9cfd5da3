"""A signal is noted or raised, wherever it finds the interpreter."""

import signal
import sys
import time

import pytest

from combkit.cli.interrupts import Interrupts


class Finalised:
    """Its finaliser is interrupted: Python drops what is raised there."""

    def __del__(self):
        signal.raise_signal(signal.SIGTERM)


def test_a_signal_lost_in_a_finaliser_is_raised_a_moment_later(capfd):
    with pytest.raises(KeyboardInterrupt), Interrupts() as interrupts:
        Finalised()
        assert interrupts.received
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            pass
    assert capfd.readouterr().err == ""


def test_another_exception_in_a_finaliser_is_reported_as_before(monkeypatch):
    class Broken:
        def __del__(self):
            raise ValueError("broken")

    seen = []
    monkeypatch.setattr(sys, "unraisablehook", lambda lost: seen.append(lost.exc_type))
    with Interrupts():
        Broken()
    assert seen == [ValueError]


def test_a_deferred_signal_is_noted_and_the_second_ctrl_c_raises():
    with Interrupts() as interrupts:
        interrupts.deferred = True
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
        assert interrupts.received
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_the_handlers_of_before_come_back():
    before = [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)]
    hook = sys.unraisablehook
    with Interrupts():
        assert sys.unraisablehook is not hook
    assert [signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM)] == before
    assert sys.unraisablehook is hook
