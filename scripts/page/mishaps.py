# SPDX-License-Identifier: Apache-2.0
"""Journeys in which something breaks: a node, a microphone."""

import os
import signal

from journey import found, heard_aloud, says


async def the_node_goes_and_comes_back(journey):
    ann, ben = await journey.person("Ann"), await journey.person("Ben")
    # In a room of one there is nobody who could let one back in.
    await ann.create("First try")
    ann.node.stop()
    await says(ann, "lost your node")
    ann.node.start()
    await says(ann, "You are no longer in the room", 20)
    await ann.create()
    await ben.join(await ann.invite())
    await ben.speak()
    await says(ann, "Ben is speaking.")
    await ann.tab.wait_for_timeout(1_500)
    ann.node.kill()
    await says(ann, "lost your node")
    await heard_aloud(ann, "lost your node")
    ann.node.start()
    # A node that was started again is in no room; the page leads it back.
    await says(ann, "Going back into the room", 20)
    await says(ann, "Ben is speaking.", 75)
    assert await found(ann, "ear") == "on"
    assert len(ann.node.status()["rooms"]) == 1
    # The browser says by itself that nobody answered; that is no fault of the page.
    ann.complaints = [
        line for line in ann.complaints if "ERR_CONNECTION" not in line and "WebSocket" not in line]


MICROPHONE = """() => {
window.refused = null;
const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (wish) => {
  if (window.refused) throw new DOMException('', window.refused);
  const stream = await open(wish);
  [window.track] = stream.getAudioTracks();
  return stream;
};
}"""


async def the_microphone_goes_and_comes_back(journey):
    """Unplugged, forbidden, taken by another program, muted by the system: the page says so."""
    ann, ben = await journey.person("Ann"), await journey.person("Ben")
    await ann.tab.evaluate(MICROPHONE)
    await ann.create()
    await ben.join(await ann.invite())
    await ann.speak()
    await says(ben, "Ann is speaking.")
    await ann.tab.evaluate("""() => {
      window.refused = 'NotFoundError';
      window.track.stop();
      window.track.dispatchEvent(new Event('ended'));
    }""")
    await says(ann, "No microphone was found")
    await says(ben, "Nobody is saying anything")
    assert "the room hears you" not in await ann.tab.inner_text("body")
    assert await ann.tab.locator(".stage li.muted").count() == 1
    await heard_aloud(ann, "No microphone was found")
    again = ann.button("Try again")
    await ann.tab.evaluate("window.refused = 'NotAllowedError'")
    await again.click()
    await says(ann, "does not let this page use the microphone")
    await ann.tab.evaluate("window.refused = null")
    await again.click()
    await says(ann, "the room hears you")
    await says(ben, "Ann is speaking.")
    await ann.tab.evaluate("""() => {
      Object.defineProperty(window.track, 'muted', { value: true, configurable: true });
      window.track.dispatchEvent(new Event('mute'));
    }""")
    await says(ann, "The system has muted the microphone")
    await ann.tab.evaluate("""() => {
      delete window.track.muted;
      window.track.dispatchEvent(new Event('unmute'));
    }""")
    await says(ann, "the room hears you")
    await ann.tab.evaluate("window.refused = 'NotReadableError'")
    await ann.tab.evaluate("import('/sound.js').then((sound) => sound.useInput('gone'))")
    await says(ann, "The microphone does not start")


async def the_node_sleeps_and_wakes(journey):
    ann = await journey.person("Ann")
    await ann.create()
    os.kill(ann.node.pid, signal.SIGSTOP)
    try:
        await says(ann, "lost your node", 30)
    finally:
        os.kill(ann.node.pid, signal.SIGCONT)
    await says(ann, "you are alone here", 20)
    assert await ann.tab.evaluate(
        "import('/sound.js').then(({sound}) => sound.ear)") == "on"
    ann.complaints = [line for line in ann.complaints if "WebSocket" not in line]
