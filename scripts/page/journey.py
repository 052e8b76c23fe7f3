# SPDX-License-Identifier: Apache-2.0
"""People with pages, and what one can ask of a page that they see."""

import json

import browser as lab

READY = {"heardMic": True, "echo": False, "noise": False, "gain": False}


class Journey:
    """Two or three people, each with a node and a page."""

    def __init__(self, place, playwright, memory=READY):
        self.place, self.playwright, self.memory = place, playwright, memory
        self.pages, self.browsers, self.nodes = [], [], []

    async def person(self, name, options=(), **context):
        node = self.place.node(name, *options)
        said = lab.speech(self.place.file("said.wav"), 60)
        browser = await lab.chromium(self.playwright, said)
        page = await lab.Page.open(browser, node.page, self.memory, **context)
        page.tab.set_default_timeout(15_000)
        page.node = node
        self.browsers.append(browser)
        self.pages.append(page)
        await page.button("Start a room").wait_for()
        return page

    async def end(self):
        for browser in self.browsers:
            await browser.close()

    def complaints(self):
        return [complaint for page in self.pages for complaint in page.complaints]


async def says(page, words, seconds=15):
    """Names are set apart by marks that nobody sees."""
    seen = "document.body.innerText.replace(/[\\u2068\\u2069]/g, '')"
    await page.until(f"{seen}.includes({json.dumps(words)})", seconds)


async def heard_aloud(page, words, seconds=10):
    """By a screen reader."""
    seen = "document.getElementById('said').textContent.replace(/[\\u2068\\u2069]/g, '')"
    await page.until(f"{seen}.includes({json.dumps(words)})", seconds)


async def found(page, name):
    """What the page knows of its sound."""
    return await page.tab.evaluate(f"import('/sound.js').then(({{sound}}) => sound.{name})")
