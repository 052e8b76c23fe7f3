# SPDX-License-Identifier: Apache-2.0
"""Every view of the page, in every shape: pictures of them, and what axe finds wrong.

  scripts/page-pictures            pictures into docs/pictures
  scripts/page-pictures --check    axe on every view, light and dark, all languages; no pictures
"""

import argparse
import asyncio
import os
import subprocess
import sys

import browser as lab

NAMES = {
    "en": ["Ann", "Ben", "Cora", "Dmytro", "Ester", "Farhad"],
    "uk": ["Оксана", "Тарас", "Леся", "Богдан", "Ярина", "Марко"],
    "ru": ["Анна", "Борис", "Вера", "Глеб", "Дина", "Егор"],
    "fa": ["نرگس", "کاوه", "شیرین", "بهرام", "مینا", "آرش"],
}
TITLES = {
    "en": ("Kitchen table", "Night shift at the observatory"),
    "uk": ("Кухонний стіл", "Нічна зміна в обсерваторії"),
    "ru": ("Кухонный стол", "Ночная смена в обсерватории"),
    "fa": ("میز آشپزخانه", "شب‌نشینی رصدخانه"),
}
PHONES = {"en": "Ann's phone", "uk": "Телефон Оксани", "ru": "Телефон Анны", "fa": "تلفن نرگس"}
SHAPES = {
    "phone": dict(viewport=dict(width=390, height=844), device_scale_factor=1.5, has_touch=True),
    "desktop": dict(viewport=dict(width=1280, height=800)),
    "narrow": dict(viewport=dict(width=320, height=640)),
}


# Further listeners.
CROWD = {
    "en": ["Gita", "Hugo", "Ines", "Jonas", "Kofi", "Lena", "Milo"],
    "uk": ["Соломія", "Остап", "Зоряна", "Юрій", "Олена", "Назар", "Софія"],
    "ru": ["Жанна", "Захар", "Ирина", "Кирилл", "Лидия", "Максим", "Нина"],
    "fa": ["سارا", "رضا", "لیلا", "پویا", "مریم", "امید", "زهرا"],
}


# How high a window must be for all of an open sheet; 0 when it is.
TALL = """
(() => {
  const sheet = [...document.querySelectorAll('dialog[open]')].at(-1);
  return sheet && sheet.scrollHeight > sheet.clientHeight + 1
    ? Math.ceil(sheet.scrollHeight / 0.92) + 12 : 0;
})()
"""


class Scene:
    """Nodes with people in a room, and a page into it."""

    def __init__(self, place, language):
        self.place, self.language = place, language
        names = NAMES[language]
        away = ("--page-devices", f"127.0.0.2:{lab.free_port('127.0.0.2')}")
        self.nodes = [
            place.node(f"{language}{number}", *([] if number else away))
            for number in range(len(names))]
        first = self.nodes[0]
        lab.pair(first, PHONES[language])
        for node in self.nodes[1:]:
            node.run("connect", first.addresses[0])
        room, other = TITLES[language]
        first.run("room", "create", room, "--name", names[0])
        link = first.run("invite")
        quiet = first.ask(request="invite.make", role="listener", lifetime=86_400)["link"]
        for number, (node, name) in list(enumerate(zip(self.nodes, names)))[1:5]:
            node.run("join", quiet if number == 3 else link, "--name", name)
        self.nodes[3].ask(request="hand", up=True)
        self.nodes[5].run("room", "create", other, "--open", "--name", names[5])
        # So many that not everybody hears everybody at first hand: the trees have branches.
        self.crowd = [place.node(f"{language}c{name}") for name in range(len(CROWD[language]))]
        for node, name in zip(self.crowd, CROWD[language]):
            node.run("join", link, "--name", name)
        self.alone = place.node(f"{language}a")
        self.talkers = []
        said = lab.speech(place.file("said.wav"), 120)
        for node in self.nodes[1:3]:
            self.talkers.append(subprocess.Popen(
                [lab.STARLING, "speak", said, "--control", node.control],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    def end(self):
        for talker in self.talkers:
            talker.terminate()
            talker.wait()
        for node in [*self.nodes, *self.crowd, self.alone]:
            node.stop()

    def branches(self):
        """Whether a tree of the room leads to or from the page's node."""
        room = self.nodes[0].status()["rooms"][0]
        return any(tree.get("parent") or tree["children"] for tree in room["trees"])

    def remove(self, node):
        name = NAMES[self.language][self.nodes.index(node)]
        members = self.nodes[0].status()["rooms"][0]["members"]
        person = next(one["person"] for one in members if one["name"] == name)
        self.nodes[0].ask(request="mod", action="remove", person=person)


async def views(page, words, scene):
    """Each view's name, once it stands there."""
    tab = page.tab
    await page.until("document.querySelectorAll('.card').length >= 2")
    yield "hallway"
    await tab.get_by_role("button", name=words["create"]).click()
    yield "create"
    await tab.get_by_role("button", name=words["close"]).click()
    await tab.get_by_role("button", name=words["join"], exact=True).click()
    yield "join"
    await tab.get_by_role("button", name=words["close"]).click()
    await tab.locator(".card.mine button").first.click()
    await page.until("document.querySelectorAll('.stage > li').length >= 2")
    await page.until("document.querySelector('.why.good')")
    await page.until("document.querySelector('.hands li')")
    for _ in range(5):
        await page.until("document.querySelector('.why.good')")
        scene.nodes[1].ask(request="react", sign="clap")
        await page.until("document.querySelector('.stage .shown')")
        if await tab.evaluate("Boolean(document.querySelector('.why.good'))"):
            break
        await asyncio.sleep(2)
    yield "room"
    await tab.locator(".stage .person").nth(1).click()
    yield "person"
    await tab.get_by_role("button", name=words["close"]).click()
    await tab.get_by_role("button", name=words["invite"], exact=True).click()
    await page.until("document.querySelector('.qr svg')")
    yield "invite"
    await tab.get_by_role("button", name=words["close"]).click()
    await tab.get_by_role("button", name=words["rules"], exact=True).click()
    yield "rules"
    await tab.get_by_role("button", name=words["verify"], exact=True).click()
    await page.until("document.querySelector('.code')?.textContent.length > 20")
    yield "codes"
    await tab.get_by_role("button", name=words["close"]).click()
    await tab.get_by_role("button", name=words["network"], exact=True).click()
    for _ in range(100):
        if scene.branches():
            break
        await asyncio.sleep(0.1)
    await page.until("document.querySelector('.mesh path.a, .mesh path.b')")
    yield "network"
    await tab.get_by_role("button", name=words["close"]).click()
    await tab.get_by_role("button", name=words["rules"], exact=True).click()
    await tab.get_by_role("dialog").get_by_role("button", name=words["settings"]).click()
    yield "settings"
    await tab.get_by_role("dialog").get_by_role("button", name=words["devices"]).click()
    await page.until("document.querySelector('.devices li')")
    yield "devices"
    await tab.get_by_role("button", name=words["devices.add"]).click()
    await page.until("document.querySelector('.devices .qr svg')")
    yield "pairing"
    await tab.get_by_role("button", name=words["close"]).click()
    await tab.get_by_role("button", name=words["speak"], exact=True).click()
    await page.until("document.querySelector('.heard.good')")
    yield "microphone"
    await tab.get_by_role("button", name=words["mic.go"]).click()
    await tab.get_by_role("button", name=words["mute"], exact=True).wait_for()
    yield "stage"


async def others(browser, scene, shape, theme, each):
    """Views of people at other nodes: nobody there yet, and removed."""
    complaints = []
    for node, view in ((scene.alone, "empty"), (scene.nodes[4], "removed")):
        page = await lab.Page.open(
            browser, node.page, {"language": scene.language, "theme": theme},
            color_scheme=theme, reduced_motion="reduce", **SHAPES[shape])
        if view == "removed":
            await page.tab.locator(".card.mine button").first.click()
            await page.until("document.querySelector('.audience > li')")
            scene.remove(node)
            await page.until("document.querySelector('.hallway .lost:not([hidden])')")
        await page.until("document.querySelector('.hallway .promise')")
        await asyncio.sleep(0.25)
        await each(page, view)
        complaints += page.complaints
        await page.tab.context.close()
    return complaints


async def look(browser, scene, shape, theme, each):
    import json

    with open(f"{lab.ROOT}/Sources/Page/Web/words-{scene.language}.json", encoding="utf-8") as file:
        words = json.load(file)
    name = NAMES[scene.language][0]
    page = await lab.Page.open(
        browser, scene.nodes[0].page,
        {"language": scene.language, "theme": theme, "name": name},
        color_scheme=theme, reduced_motion="reduce", **SHAPES[shape])
    page.tab.set_default_timeout(15_000)
    try:
        async for view in views(page, words, scene):
            await asyncio.sleep(0.1)
            await each(page, view)
            wide = await page.tab.evaluate("document.documentElement.scrollWidth - innerWidth")
            if wide > 0:
                page.complaints.append(f"{view}: {wide} px wider than the screen")
    except Exception:
        await page.tab.screenshot(path=scene.place.file(f"failed-{scene.language}-{shape}.png"))
        raise
    finally:
        await page.tab.context.close()
    complaints = await others(browser, scene, shape, theme, each)
    return page.complaints + complaints + await stranger(browser, scene, shape, theme, each)


async def stranger(browser, scene, shape, theme, each):
    """A device that is not paired yet, with the link that was made for it."""
    node = scene.nodes[0]
    link = node.ask(request="page.pair")["link"]
    page = await lab.Page.open(
        browser, link, {"language": scene.language, "theme": theme}, color_scheme=theme,
        reduced_motion="reduce", ignore_https_errors=True, **SHAPES[shape])
    await page.until("document.querySelector('.door form')")
    await asyncio.sleep(0.25)
    await each(page, "pair")
    wide = await page.tab.evaluate("document.documentElement.scrollWidth - innerWidth")
    if wide > 0:
        page.complaints.append(f"pair: {wide} px wider than the screen")
    await page.tab.context.close()
    return page.complaints


async def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--only", default="", help="LANGUAGE-SHAPE-THEME, or the beginning of it")
    parser.add_argument("--into", default=lab.ROOT + "/docs/pictures")
    given = parser.parse_args()
    from playwright.async_api import async_playwright

    axe = None
    if given.check:
        try:
            from axe_playwright_python.async_playwright import Axe
        except ImportError:
            print("no axe here: pip install axe-playwright-python")
            return 77
        axe = Axe()
    languages = ["en", "uk", "ru", "fa"] if given.check else ["en", "uk", "fa"]
    shapes = ["narrow", "desktop"] if given.check else ["phone", "desktop"]
    found = []
    async with async_playwright() as playwright:
        for language in languages:
            cases = [
                (shape, theme) for shape in shapes for theme in ("light", "dark")
                if f"{language}-{shape}-{theme}".startswith(given.only)]
            if not given.check and language == "en":
                cases = [case for case in cases if case == ("phone", "light")]
            if not cases:
                continue
            for shape, theme in cases:
                with lab.Place() as place:
                    said = lab.speech(place.file("mic.wav"), 60)
                    chromium = await lab.chromium(playwright, said)
                    scene = Scene(place, language)
                    try:
                        await case(chromium, scene, shape, theme, axe, given.into, found)
                    finally:
                        scene.end()
                        await chromium.close()
    for line in found:
        print(line)
    print(f"{len(found)} findings")
    return 1 if found else 0


def shrink(path):
    """A flat drawing needs no more than 256 colours; without Pillow it stays as it is."""
    try:
        from PIL import Image
    except ImportError:
        return
    Image.open(path).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(
        path, optimize=True)


async def case(chromium, scene, shape, theme, axe, into, found):
    where = f"{scene.language}-{shape}-{theme}"

    async def each(page, view):
        if axe is None:
            os.makedirs(into, exist_ok=True)
            path = f"{into}/{view}-{where}.png"
            usual = page.tab.viewport_size
            if tall := await page.tab.evaluate(TALL):
                await page.tab.set_viewport_size({**usual, "height": tall})
                await asyncio.sleep(0.25)
            await page.tab.screenshot(path=path)
            if tall:
                await page.tab.set_viewport_size(usual)
            shrink(path)
            return
        result = await axe.run(page.tab)
        for fault in result.response["violations"]:
            for node in fault["nodes"]:
                found.append(f"{where} {view}: {fault['id']}: {node['html'][:150]}")

    complaints = await look(chromium, scene, shape, theme, each)
    found.extend(f"{where}: {complaint}" for complaint in complaints)
    print(f"{where}: looked at", file=sys.stderr)


if __name__ == "__main__":
    lab.run(main)
