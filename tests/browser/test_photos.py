"""Photos from a phone: made smaller before they are sent, tried again after failures, kept while there is no network."""

from __future__ import annotations

import io
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect
from sqlalchemy import select

from tests import photos as drawn
from tests.browser.visit import PHONE, listen
from tests.browser.world import View, World
from tests.people import Person, make_member
from webapp.activities.tables import activity
from webapp.meters import service as meters
from webapp.meters.forms import MeterFacts
from webapp.meters.queries import Owner
from webapp.meters.tables import reading
from webapp.photos.tables import upload

pytestmark = pytest.mark.browser
WAIT = 20_000  # milliseconds; the machine may be busy


def big(seed: int) -> dict[str, Any]:
    """A photo of 12 megapixels, held upright: the pixels lie on their side and a note says so."""
    grain = Random(seed).randbytes(2000 * 1500)
    image = drawn.draw(seed).resize((4000, 3000))
    noise = Image.frombytes("L", (2000, 1500), grain).resize((4000, 3000))
    image = Image.blend(image, Image.merge("RGB", (noise,) * 3), 0.1)
    exif = Image.Exif()
    exif[0x0112] = 6
    out = io.BytesIO()
    image.save(out, "JPEG", quality=88, exif=exif)
    return {"name": "IMG_0001.jpg", "mimeType": "image/jpeg", "buffer": out.getvalue()}


@pytest.fixture
def rider(full: World) -> Person:
    person = make_member(full.house, f"photographer-{len(full.members)}", nickname="小拍")
    full.members[person.login] = person.id
    return person


@pytest.fixture
def page(chromium: Any, full: World, rider: Person) -> Iterator[Page]:
    """The rider's phone."""
    complaints: list[str] = []
    context = chromium.new_context(viewport=PHONE, locale="zh-CN", base_url=full.address)
    context.set_default_timeout(WAIT)
    kept = full.cookies(rider.login, View())
    context.add_cookies([{"name": n, "value": v, "url": full.address} for n, v in kept.items()])
    full.prefer(rider.login, View())
    made: Page = context.new_page()
    listen(made, complaints)
    yield made
    context.close()
    # The failures that a test brings about are told by the browser as well.
    assert not [each for each in complaints if "/photos" not in each and "Failed to load resource" not in each]


def photos_of(full: World, person: Person) -> list[Any]:
    with full.house.store.read() as tx:
        return list(tx.rows(select(upload).where(upload.c.member_id == person.id).order_by(upload.c.created_at)))


def test_a_large_photo_is_made_small_and_sent_ahead(page: Page, full: World, rider: Person) -> None:
    photo = big(2)
    sizes: list[int] = []
    page.on("request", lambda r: sizes.append(len(r.post_data_buffer or b"")) if r.url.endswith("/photos") else None)
    page.goto("/log/bike")
    page.locator("#field-photo").set_input_files([photo])
    expect(page.locator("#photos")).to_contain_text("照片已收到", timeout=WAIT)
    assert len(photo["buffer"]) > 1_500_000
    (row,) = photos_of(full, rider)
    assert (row.width, row.height) == (1200, 1600)  # upright
    assert all(size < 900_000 for size in sizes)
    page.locator('form[data-photos] button:not([name="preview"]).wide').click()
    page.wait_for_url("**/activities/*")
    with full.house.store.read() as tx:
        acts = tx.rows(select(activity.c.evidence, activity.c.level).where(activity.c.member_id == rider.id))
    assert [(act.evidence, act.level) for act in acts] == [([row.id], "photo")]


def test_a_photo_of_a_meter_is_made_small_and_sent_ahead(page: Page, full: World, rider: Person) -> None:
    facts = MeterFacts.parse({"kind": "water", "number": f"77{rider.id:06d}", "people": "3"}, "home")
    key, owner, now = full.house.settings.track_key, Owner(rider.id), full.house.clock.now()
    with full.house.store.write() as tx:
        meter = meters.add_meter(tx, key, rider.id, owner, facts, now)
    page.goto(f"/meters/{meter}")
    page.locator("#field-photo").set_input_files([big(6)])
    expect(page.locator("#photos")).to_contain_text("照片已收到", timeout=WAIT)
    page.locator("#field-value").fill("123.4")
    page.locator("form[data-photos] button.wide").click()
    expect(page.locator(".flash")).to_contain_text("读数已保存")
    (row,) = photos_of(full, rider)
    assert (row.width, row.height) == (1200, 1600)
    with full.house.store.read() as tx:
        (kept,) = tx.rows(select(reading.c.upload_id, reading.c.support).where(reading.c.member_id == rider.id))
    assert (kept.upload_id, kept.support) == (row.id, "photo")


def test_a_busy_server_is_tried_again_and_the_act_waits(page: Page, full: World, rider: Person) -> None:
    answers: list[int] = []

    def stumble(route: Route) -> None:
        answers.append(1)
        if len(answers) <= 2:
            route.fulfill(status=503, body="busy")
        else:
            route.continue_()

    page.route("**/photos", stumble)
    page.goto("/log/bike")
    page.locator("#field-photo").set_input_files([big(3), big(4)])
    expect(page.locator("#photos")).to_contain_text("秒后再试")
    page.locator('form[data-photos] button:not([name="preview"]).wide').click()  # too early: it waits
    page.wait_for_url("**/activities/*", timeout=WAIT)
    assert len(answers) == 4
    with full.house.store.read() as tx:
        (act,) = tx.rows(select(activity.c.evidence).where(activity.c.member_id == rider.id))
    assert sorted(act.evidence) == sorted(row.id for row in photos_of(full, rider))


def test_without_network_a_photo_waits_even_over_a_reload(page: Page, full: World, rider: Person) -> None:
    page.goto("/log/bike")
    page.route("**/photos", lambda route: route.abort("internetdisconnected"))
    page.locator("#field-photo").set_input_files([big(5)])
    again = page.get_by_role("button", name="再试一次")
    expect(again).to_be_visible()
    assert not photos_of(full, rider)
    page.unroute("**/photos")
    page.reload()
    expect(page.locator("#photos")).to_contain_text("照片已收到", timeout=WAIT)
    assert len(photos_of(full, rider)) == 1
    page.reload(wait_until="networkidle")  # the script has looked at what the phone holds
    expect(page.locator("#photos")).to_be_hidden()


def test_a_refused_photo_says_why_and_can_be_taken_away(page: Page, full: World, rider: Person) -> None:
    page.goto("/log/bike")
    page.locator("#field-photo").set_input_files(
        [{"name": "x.jpg", "mimeType": "image/jpeg", "buffer": b"<svg onload=alert(1)>"}]
    )
    expect(page.locator("#photos")).to_contain_text("只支持 JPEG、PNG、WebP、HEIC 照片")
    page.get_by_role("button", name="去掉").click()
    expect(page.locator("#photos")).to_be_hidden()
    assert not photos_of(full, rider)
