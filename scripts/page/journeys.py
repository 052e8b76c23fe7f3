# SPDX-License-Identifier: Apache-2.0
"""A person's ways through the page, in a browser; any complaint of the browser is a failure."""

import argparse
import asyncio
import json
import sys
import traceback

import browser as lab
import mishaps
from journey import READY, Journey, found, heard_aloud, says


async def create_invite_join_speak_mute_leave(journey):
    ann, ben = await journey.person("Ann"), await journey.person("Ben")
    await ann.create()
    await says(ann, "you are alone here")
    await ben.join(await ann.invite())
    await says(ben, "nobody is on stage")
    await ann.speak()
    await says(ann, "the room hears you")
    await says(ben, "Ann is speaking.")
    await ben.tab.locator(".ring.talks").first.wait_for()
    await ann.button("Mute").click()
    await says(ann, "nobody hears you")
    await says(ben, "Nobody is saying anything")
    await ann.button("Unmute").click()
    await says(ben, "Ann is speaking.")
    # Both at once.
    await ben.speak()
    await says(ann, "Ben is speaking.")
    await ann.button("Step down").click()
    await says(ben, "On stage (1)")
    # The one who made the room leaves; it goes on.
    await ann.button("Leave quietly").click()
    await ann.button("Start a room").wait_for()
    await says(ben, "you are alone here")
    await ben.button("Leave quietly").click()
    await says(ben, "You are the last one here")
    await ben.tab.get_by_role("dialog").get_by_role("button", name="Leave quietly").click()
    await ben.button("Start a room").wait_for()
    assert ben.node.status()["rooms"] == [] and ann.node.status()["rooms"] == []


async def open_room_from_the_hallway(journey):
    ann, ben = await journey.person("Ann"), await journey.person("Ben")
    ben.node.run("connect", ann.node.addresses[0])
    await ann.create("Open house", "Open")
    await ben.button("Open house").click(timeout=30_000)
    await says(ben, "On stage (0)")
    await says(ann, "2 people")
    await ben.button("Back to the rooms").click()
    await says(ben, "You are in")


async def silence_of_one_person(journey):
    ann, ben = await journey.person("Ann"), await journey.person("Ben")
    await ann.create()
    await ben.join(await ann.invite())
    await ann.speak()
    await says(ben, "Ann is speaking.")
    await ben.tab.locator(".stage .person").first.click()
    await ben.button("Silence for me").click()
    await ben.button("Hear again").wait_for()
    await ben.button("Close").click()


async def long_names_in_letters_of_two_bytes(journey):
    ann = await journey.person("Ann")
    await ann.button("Start a room").click()
    title, name = (
        ann.tab.get_by_label("What is it about?"), ann.tab.get_by_label("Your name"))
    await title.fill("Ж" * 40)
    await name.fill("Олександра-Ярославна")
    assert await title.input_value() == "Ж" * 32
    assert await name.input_value() == "Олександра-Яросл"
    await ann.button("Open the room").click()
    await ann.tab.get_by_role("heading", name="Ж" * 32).wait_for()
    await says(ann, "Олександра-Яросл")
    assert await ann.tab.locator(".toast").count() == 0


async def a_link_to_a_room_one_is_in(journey):
    ann = await journey.person("Ann")
    await ann.create("First")
    link = await ann.invite()
    await ann.button("Back to the rooms").click()
    await ann.create("Second")
    await ann.button("Back to the rooms").click()
    await ann.join(link)
    await ann.tab.get_by_role("heading", name="First").wait_for()


async def by_keyboard_alone(journey):
    ann, ben = await journey.person("Ann"), await journey.person("Ben")

    async def press(page, *keys):
        for key in keys:
            await page.tab.keyboard.press(key)

    async def reach(page, name):
        for _ in range(40):
            held = await page.tab.evaluate(
                "document.activeElement.getAttribute('aria-label') ??"
                " document.activeElement.innerText")
            if (held or "").strip() == name:
                return
            await press(page, "Tab")
        raise AssertionError(f"the keyboard does not reach {name}")

    await reach(ann, "Start a room")
    await press(ann, "Enter")
    await ann.tab.get_by_label("What is it about?").wait_for()
    await reach(ann, "Open the room")
    await press(ann, "Enter")
    await ann.tab.get_by_role("heading", name="Ann's room").wait_for()
    link = ann.node.run("invite")
    await reach(ben, "Join with a link")
    await press(ben, "Enter")
    await ben.tab.get_by_label("Link", exact=True).focus()
    await ben.tab.keyboard.insert_text(link)
    await reach(ben, "Join")
    await press(ben, "Enter")
    await says(ben, "2 people")
    await reach(ben, "Speak")
    await press(ben, "Enter")
    await says(ann, "Ben is speaking.")
    await reach(ben, "Mute")
    await press(ben, " ")
    await says(ann, "Nobody is saying anything")
    await ann.until("document.getElementById('said').textContent.includes('Ben')")
    await reach(ann, "Settings")
    await press(ann, "Enter")
    await ann.tab.get_by_role("dialog").wait_for()
    await press(ann, "Escape")
    held = await ann.tab.evaluate("document.activeElement.getAttribute('aria-label')")
    assert held == "Settings", f"focus went to {held}"


async def push_to_talk(journey):
    journey.memory = {**READY, "talk": "push"}
    ann, ben = await journey.person("Ann"), await journey.person("Ben")
    await ann.create()
    await ben.join(await ann.invite())
    await ann.button("Speak", exact=True).click()
    hold = ann.button("Hold to speak")
    await hold.wait_for()
    await says(ann, "nobody hears you")
    await hold.hover()
    await ann.tab.mouse.down()
    await says(ben, "Ann is speaking.")
    await ann.tab.mouse.up()
    await says(ben, "Nobody is saying anything")


async def a_bad_link_is_explained(journey):
    ann = await journey.person("Ann")
    await ann.button("Join with a link").click()
    box = ann.tab.get_by_label("Link", exact=True)
    await box.fill("look here: starling:" + "A" * 60 + " thanks")
    assert (await box.input_value()).startswith("starling:")
    await ann.button("Join", exact=True).click()
    await says(ann, "damaged or not complete")


async def a_page_without_its_key(journey):
    ann = await journey.person("Ann")
    fresh = await ann.tab.context.browser.new_context(locale="uk-UA")
    tab = await fresh.new_page()
    stranger = lab.Page(tab)
    await tab.goto(ann.node.page.split("#")[0])
    await tab.get_by_text("потрібне посилання").wait_for()
    await tab.goto(ann.node.page)
    await tab.get_by_role("button", name="Почати кімнату").wait_for()
    assert "key" not in await tab.evaluate("location.href")
    ann.complaints += stranger.complaints


async def hand_up_stage_mute_remove(journey):
    ann, ben = await journey.person("Ann"), await journey.person("Ben")
    await ann.create()
    await ann.button("Invite", exact=True).click()
    box = ann.tab.get_by_label("Link", exact=True)
    await ann.until("document.querySelector('dialog textarea').value")
    plain = await box.input_value()
    await ann.tab.get_by_label("It lets in").select_option(label="Listeners")
    await ann.until(f"document.querySelector('dialog textarea').value !== {json.dumps(plain)}")
    link = await box.input_value()
    await ann.button("Close").click()
    await ben.join(link)
    await ben.button("Raise your hand").click()
    await ben.button("Lower your hand").wait_for()
    await says(ann, "Hands up (1)")
    await ann.tab.locator(".hands").get_by_role("button", name="Invite up").click()
    await ben.button("Come up").click()
    await says(ann, "Ben is speaking.", 30)
    await ann.tab.locator(".stage .person", has_text="Ben").click()
    await ann.button("Mute for everybody").click()
    await says(ben, "A moderator muted you")
    await heard_aloud(ben, "A moderator muted you")
    await heard_aloud(ann, "Ben is muted for everybody. Undo?")
    await ann.button("Undo").click()
    await ben.button("Speak", exact=True).click()
    await says(ann, "Ben is speaking.")
    await ann.tab.locator(".stage .person", has_text="Ben").click()
    await ann.button("Remove from the room").click()
    await ann.tab.get_by_role("dialog").get_by_role("button", name="Remove from the room").click()
    await says(ben, "removed you from this room")
    await ben.button("Start a room").wait_for()
    assert ben.node.status()["rooms"] == []
    assert await found(ben, "ear") == "off"
    assert await found(ben, "micState") == "off"
    assert not await found(ben, "talking")
    await says(ann, "1 person")
    await ann.button("The room", exact=True).click()
    row = ann.tab.locator("dialog .row", has_text="Ben")
    await row.get_by_role("button", name="Let in again").click()
    await row.wait_for(state="detached")


async def the_host_leaves_and_the_room_goes_on(journey):
    ann, ben = await journey.person("Ann"), await journey.person("Ben")
    cora = await journey.person("Cora")
    await ann.create()
    link = await ann.invite()
    for guest in (ben, cora):
        await guest.join(link)
    await ann.button("Leave quietly").click()
    await ann.button("Start a room").wait_for()
    await ben.speak()
    await says(cora, "Ben is speaking.")


async def codes_are_the_same_at_both_ends(journey):
    ann, ben = await journey.person("Ann"), await journey.person("Ben")
    await ann.create()
    await ben.join(await ann.invite())
    await ben.speak()
    seen = []
    for page, other in ((ann, "Ben"), (ben, "Ann")):
        await page.tab.locator(".person").filter(has_not_text="you").first.click()
        await page.button("Compare codes").click()
        await page.until("document.querySelectorAll('.code')[1]?.textContent.length > 20")
        seen.append(await page.tab.evaluate(
            "[...document.querySelectorAll('.code')].map((one) => one.textContent)"))
    assert seen[0] == seen[1], f"{seen}"
    await ann.button("Compare pictures").click()
    for page in (ann, ben):
        await page.until("document.querySelectorAll('.pictures li').length === 7")
    seen = [await page.tab.locator(".pictures").inner_text() for page in (ann, ben)]
    assert seen[0] == seen[1], f"{seen}"


async def reactions_are_seen_for_a_moment(journey):
    ann, ben = await journey.person("Ann"), await journey.person("Ben")
    await ann.create()
    await ben.join(await ann.invite())
    await ben.speak()
    await says(ann, "Ben is speaking.")
    await ben.button("Clap").click()
    await ann.tab.locator(".stage .shown").wait_for()
    await ann.until("document.getElementById('said').textContent.includes('Clap')")
    await ann.until("!document.querySelector('.shown')")
    # Who taps without end is not shown without end, and is told nothing.
    for _ in range(12):
        await ben.button("Laugh").click()
    await asyncio.sleep(1)
    assert await ann.tab.locator(".shown").count() <= 4
    assert await ben.tab.locator(".toast").count() == 0


async def a_phone_is_paired_speaks_and_is_revoked(journey):
    away = lab.Elsewhere()
    try:
        await with_a_phone(journey, away)
    finally:
        away.end()


async def with_a_phone(journey, away):
    place = f"{away.near}:{lab.free_port(away.near)}"
    ann = await journey.person("Ann", options=("--page-devices", place))
    ben = await journey.person("Ben")
    await ann.create()
    await ben.join(await ann.invite())
    await ann.button("Settings").click()
    await ann.tab.get_by_role("dialog").get_by_role("button", name="Devices").click()
    await ann.button("Pair a device").click()
    code = await ann.tab.locator(".devices .code").inner_text()
    said = lab.speech(journey.place.file("said.wav"), 60)
    browser = await lab.chromium(
        journey.playwright, said, program=away.program(journey.place.path))
    journey.browsers.append(browser)
    phone = await lab.Page.open(
        browser, f"https://{place}/", journey.memory, ignore_https_errors=True,
        viewport=dict(width=390, height=844), has_touch=True)
    phone.tab.set_default_timeout(15_000)
    journey.pages.append(phone)
    await says(phone, "not paired with your node")
    await phone.tab.get_by_label("Code").fill("00000-00000")
    await phone.button("Pair this device").click()
    await says(phone, "That is not the code.")
    await phone.tab.get_by_label("Code").fill(code.upper())
    await phone.tab.get_by_label("Name of this device").fill("Ann's phone")
    await phone.button("Pair this device").click()
    await phone.button("Start a room").wait_for()
    assert await phone.tab.evaluate("isSecureContext")
    await says(ann, "Ann's phone is paired.")
    await says(ann, "connected")
    # The phone speaks for the node, and hears the room.
    await phone.button("Kitchen table").click()
    await phone.speak()
    await says(ben, "Ann is speaking.")
    used = await phone.tab.evaluate("import('/sound.js').then(({sound}) => sound.format)")
    assert used == "opus", used
    await ben.speak()
    await says(phone, "Ben is speaking.")
    # It lets nobody else in.
    await phone.button("The room", exact=True).click()
    await phone.tab.get_by_role("dialog").get_by_role("button", name="Settings").click()
    await phone.tab.get_by_role("dialog").get_by_role("button", name="Devices").click()
    await says(phone, "paired on the node's own machine")
    assert await phone.button("Pair a device").count() == 0
    await phone.button("Close").click()
    await ann.button("Revoke: Ann's phone").click()
    await ann.tab.get_by_role("dialog").last.get_by_role(
        "button", name="Revoke", exact=True).click()
    await says(phone, "not paired with your node, or was revoked")
    assert await phone.tab.evaluate(
        "import('/sound.js').then(({sound}) => sound.micState)") == "off"
    await says(ben, "On stage (1)")
    await says(ann, "No other device is paired yet.")
    # That it is turned away, the browser notes by itself.
    phone.complaints = [
        line for line in phone.complaints if "403" not in line and "WebSocket" not in line]


JOURNEYS = [
    mishaps.the_node_sleeps_and_wakes, mishaps.the_microphone_goes_and_comes_back,
    mishaps.the_node_goes_and_comes_back,
    long_names_in_letters_of_two_bytes, a_link_to_a_room_one_is_in,
    a_phone_is_paired_speaks_and_is_revoked, reactions_are_seen_for_a_moment,
    hand_up_stage_mute_remove, the_host_leaves_and_the_room_goes_on,
    codes_are_the_same_at_both_ends,
    create_invite_join_speak_mute_leave, open_room_from_the_hallway, silence_of_one_person,
    by_keyboard_alone, push_to_talk, a_bad_link_is_explained,
    a_page_without_its_key,
]


async def walk(way, playwright, is_last):
    """Whether a journey came to its end; None when it is to be made again, for the machine got or
    lost an interface meanwhile, and Chromium drops what it loads then."""
    with lab.Place() as place:
        journey = Journey(place, playwright)
        try:
            await way(journey)
            for complaint in journey.complaints():
                raise AssertionError(complaint)
            print(f"ok   {way.__name__}", flush=True)
            return True
        except Exception as error:
            complaints = json.dumps(journey.complaints())
            if not is_last and ("ERR_NETWORK_CHANGED" in complaints
                                or "(Network error)" in complaints):
                print(f"     {way.__name__} again: the network changed", flush=True)
                return None
            why = (str(error) or repr(error)).splitlines()[0]
            print(f"FAIL {way.__name__}: {why}", flush=True)
            traceback.print_exc(limit=-3, file=sys.stderr)
            print(complaints, file=sys.stderr)
            for number, page in enumerate(journey.pages):
                await page.tab.screenshot(path=f"/tmp/{way.__name__}-{number}.png")
            return False
        finally:
            await journey.end()


async def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="part of a journey's name")
    given = parser.parse_args()
    from playwright.async_api import async_playwright

    failed = 0
    chosen = [one for one in JOURNEYS if given.only in one.__name__]
    async with async_playwright() as playwright:
        for way in chosen:
            outcome = None
            for attempt in range(3):
                if outcome is None:
                    outcome = await walk(way, playwright, is_last=attempt == 2)
            failed += outcome is False
    print(f"{len(chosen) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    lab.run(main)
