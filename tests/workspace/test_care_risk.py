"""The page of care plans says who comes to need social care, as a model, or why there is none."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client, override_settings

from bettercare import Plan
from bettercare.activity import risk_need
from bettercare.workspace.measurement import risk_words
from tests.activity.made_up import filled

ClientAs = Callable[..., Client]
ADDRESS = "/nerve-centre/care-plans"
HEADING = "Who comes to need social care (modelled)"


@pytest.fixture(scope="module")
def store(llr: Plan, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Three years of made-up people."""
    return filled(llr, tmp_path_factory.mktemp("risk"), "2016-03", 8000)


def once_ready(client: Client) -> str:
    for _ in range(240):
        text = client.get(ADDRESS).content.decode()
        if "being worked out" not in text:
            return text
        time.sleep(0.5)
    raise AssertionError(text)


def test_the_model_is_shown_with_its_weights_and_how_it_did(
    client_as: ClientAs, store: str, llr: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    with override_settings(STORE=store):
        client = client_as("reader")
        text = once_ready(client)
        assert HEADING in text and "They do not foretell what happens to one person." in text
        assert "Guessing gives 50" in text and "odds times" in text and "Age 85 and over" in text
        assert '<span class="bct-badge bct-badge--made-up">made up</span>' in text.split(HEADING)[1]
        monkeypatch.setattr(risk_need, "need_of", lambda *_: pytest.fail("worked out again"))
        assert "Guessing gives 50" in client.get(ADDRESS).content.decode()
        found = risk_words.need(llr)
    assert found.places[-1][0] == "All" and len(found.calibration) > 8
    for count in (n for _, counts in found.places for n in counts):
        plain = count.replace(",", "")
        assert count in ("0", "*", "..") or (int(plain) % 5 == 0 and int(plain) > 7)


def test_feeds_that_are_too_short_leave_a_sentence(client_as: ClientAs, llr: Plan, tmp_path: Path) -> None:
    with override_settings(STORE=filled(llr, tmp_path, "2013-05", 1500)):
        text = once_ready(client_as("reader"))
    assert HEADING in text and "There is no model of this here." in text
    assert "2 months (2013-04 to 2013-05). The model needs 36" in text and "odds times" not in text


def test_without_a_store_nothing_is_said_of_it(client_as: ClientAs) -> None:
    assert HEADING not in client_as("reader").get(ADDRESS).content.decode()


@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_in_a_browser(
    signed_in_tab: Callable[..., Any], faults: Callable[[Any], list[str]], client_as: ClientAs, store: str, width: int
) -> None:
    with override_settings(STORE=store):
        once_ready(client_as("reader"))
        page = signed_in_tab("reader", width=width)
        page.goto(ADDRESS)
        assert faults(page) == []
        page.click("summary:has-text('How the model did by group')")
        assert "Expected inside" in page.inner_text("main")
        assert faults(page) == []
