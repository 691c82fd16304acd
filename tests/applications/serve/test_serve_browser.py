"""The pages in a browser, over a server that the command line started; nothing that it logs is a name."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import CHROMIUM, DRIVER, SWITCHES
from served_galleries import HOSTILE, TOKEN, made_gallery, picture

WINDOW = "--window-size=1000,900"
WAIT = 180

pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="chromium and chromedriver (chromium-driver) are not installed"
)


class Server:
    """What `likeness serve` printed, where its galleries are, and what it has said since."""

    def __init__(self, folder: Path, address: str, log: Path) -> None:
        self.folder, self.address, self.log = folder, address, log
        self.base = address.partition("?")[0].rstrip("/")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("served")
    made_gallery(folder)
    made_gallery(folder, "album.gallery", ["cluster 1", "cluster 2", "cluster 3"])
    (folder / "token").write_text(TOKEN)
    for name, content in (("ada", picture(1, 9)), ("nobody", picture(99, 1)), ("new", picture(70, 1))):
        (folder / f"{name}.png").write_bytes(content)
    log = folder / "log.txt"
    words = [sys.executable, "-m", "likeness", "serve", "people.gallery", "album.gallery"]
    words += ["--token-file", "token", "--port", "0"]
    with (
        log.open("w") as said,
        subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, stderr=said, text=True) as process,
    ):
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.fullmatch(
            r"people, album: (http://127\.0\.0\.1:\d+/\?token=\S+) \(Ctrl-C ends it\)\n", line
        )
        assert found, line + log.read_text()
        yield Server(folder, found[1], log)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) in (0, 130)
    for private in ("Ada", "Grace", "alert", "cluster", "ada.png", "Zoe", "Yan", "new.png", str(folder)):
        assert private not in log.read_text()


@pytest.fixture(scope="module")
def browser(server: Server) -> Iterator[Any]:
    """A headless Chromium that has opened the printed address."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for switch in [*SWITCHES, WINDOW, f"--user-data-dir={server.folder / 'chromium'}"]:
        options.add_argument(switch)
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(str(DRIVER)))
    driver.get(server.address)
    until(driver, lambda page: "Galleries" in page.title)
    assert TOKEN not in driver.current_url
    assert driver.execute_script("return document.cookie") == ""  # no script can read it
    yield driver
    complaints = [one["message"] for one in driver.get_log("browser")]
    driver.quit()
    answered = "the server responded with a status of 4"  # as it shall where somebody made a mistake
    assert [one for one in complaints if answered not in one] == []  # such as by the content security policy


def until(browser: Any, condition: Any) -> None:
    """Wait for what a page shows, and for the whole of the page that shows it."""
    from selenium.common.exceptions import StaleElementReferenceException
    from selenium.webdriver.support.ui import WebDriverWait

    ignored = [StaleElementReferenceException]  # the page goes while it is looked at

    def shown(page: Any) -> Any:
        return condition(page) and page.execute_script("return document.readyState") == "complete"

    WebDriverWait(browser, WAIT, ignored_exceptions=ignored).until(shown)


def by(browser: Any, selector: str) -> Any:
    return browser.find_element("css selector", selector)


def heading(browser: Any) -> str:
    return str(by(browser, "h1").text)


def press(browser: Any, selector: str) -> None:
    """Press a button, and wait for the page that comes."""
    before = by(browser, "html")
    by(browser, selector).click()
    until(browser, lambda page: page.find_element("css selector", "html") != before)


def fill(browser: Any, **values: object) -> None:
    for id, value in values.items():
        field = by(browser, f"#{id}")
        if field.get_attribute("type") != "file":
            field.clear()
        field.send_keys(str(value))


def test_identify_names_who_is_enrolled_and_nobody_else(browser: Any, server: Server) -> None:
    for name, verdict in (("ada", "Ada"), ("nobody", "Nobody who is enrolled")):
        browser.get(f"{server.base}/g/people/identify")
        fill(browser, pictures=server.folder / f"{name}.png", fpir="10")
        press(browser, "form.card > button")
        assert by(browser, ".result h2").text == verdict
        images = browser.find_elements("css selector", ".result img")
        for image in images:
            until(browser, lambda _, image=image: image.get_property("naturalWidth") > 0)
    assert len(browser.find_elements("css selector", ".candidates li")) == 3
    assert HOSTILE in by(browser, ".candidates").text


def test_verify_a_claim_and_two_pictures(browser: Any, server: Server) -> None:
    browser.get(f"{server.base}/g/people/verify")
    fill(browser, picture=server.folder / "ada.png", claim="Ada", far="10")
    press(browser, "form.card > button")
    assert by(browser, ".result h2").text == "Yes, it is Ada"
    browser.get(f"{server.base}/g/people/verify")
    fill(browser, picture=server.folder / "ada.png", second=server.folder / "nobody.png", far="10")
    press(browser, "form.card > button")
    assert by(browser, ".result h2").text == "No, two people"
    browser.get(f"{server.base}/g/people/verify")
    fill(browser, picture=server.folder / "ada.png", claim="Eve")
    press(browser, "form.card > button")
    assert by(browser, "[role=alert]").text.startswith(
        "That did not work. Nobody in people is called Eve: known are"
    )


def test_enrol_correct_and_remove(browser: Any, server: Server) -> None:
    browser.get(f"{server.base}/g/people/enrol")
    fill(
        browser,
        name=f"Zoe {HOSTILE}",
        pictures=f"{server.folder / 'new.png'}\n{server.folder / 'nobody.png'}",
    )
    press(browser, "form.card > button")
    until(browser, lambda page: heading(page) == "Enrolled")  # by the script that follows the job
    assert f"Zoe {HOSTILE}: 2 pictures enrolled" in by(browser, "main").text
    by(browser, "main li a").click()
    until(browser, lambda page: heading(page) == "Subjects")
    by(browser, ".subjects h2 a").click()
    until(browser, lambda page: heading(page) == f"Zoe {HOSTILE}")
    boxes = browser.find_elements("css selector", ".templates input")
    assert len(boxes) == 2
    boxes[1].click()
    fill(browser, other="Yan")
    press(browser, "#chosen .buttons button")
    assert by(browser, "[role=status]").text == "The chosen pictures are theirs now."
    browser.get(f"{server.base}/g/people/subjects?q=Yan")
    by(browser, ".subjects h2 a").click()
    until(browser, lambda page: heading(page) == "Yan")
    by(browser, "[name=sure]").click()
    press(browser, "form[action$='/remove'] button")
    assert "The subject is removed" in by(browser, "[role=status]").text
    browser.get(f"{server.base}/g/people/subjects?q=Yan")
    assert "0 subjects found" in by(browser, "main").text


def test_clusters_are_named_and_made_one(browser: Any, server: Server) -> None:
    browser.get(f"{server.base}/g/album/subjects?naming=yes")
    for number, name in ((1, "Ada"), (2, "Bea")):
        field = by(browser, f"#n{number}")
        field.clear()
        field.send_keys(name)
        press(browser, f"#s{number} form button")
        assert by(browser, f"#n{number}").get_attribute("value") == name
    field = by(browser, "#n3")
    field.clear()
    field.send_keys("Ada")
    press(browser, "#s3 form button")
    assert "2 subjects are called Ada. Are they one?" in by(browser, "form.done").text
    press(browser, "form.done button")
    assert by(browser, "[role=status]").text == "They are one now."
    assert len(browser.find_elements("css selector", ".templates li")) == 4
    browser.get(f"{server.base}/g/album/subjects")
    assert [one.text for one in browser.find_elements("css selector", ".subjects h2")] == ["Bea", "Ada"]
    for box in browser.find_elements("css selector", ".subjects [name=subject]"):
        box.click()
    press(browser, "#merge button")
    assert heading(browser) == "Bea"


def test_by_the_keyboard_alone(browser: Any, server: Server) -> None:
    """From the start to a search and a correction, with nothing but keys; where the focus is can be seen."""
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys

    def focused() -> Any:
        return browser.switch_to.active_element

    def tab_to(condition: Any) -> None:
        for _ in range(60):
            ActionChains(browser).send_keys(Keys.TAB).perform()
            if condition(focused()):
                style = "return getComputedStyle(arguments[0]).outlineStyle"
                assert browser.execute_script(style, focused()) != "none"
                return
        raise AssertionError("the focus never came there")

    def enter() -> None:
        before = by(browser, "html")
        ActionChains(browser).send_keys(Keys.ENTER).perform()
        until(browser, lambda page: page.find_element("css selector", "html") != before)

    browser.get(f"{server.base}/")
    ActionChains(browser).send_keys(Keys.TAB).perform()
    assert focused().text == "Skip to the content"
    tab_to(lambda one: one.text == "people")
    enter()
    tab_to(lambda one: one.get_attribute("id") == "pictures")
    focused().send_keys(str(server.folder / "ada.png"))
    tab_to(lambda one: one.get_attribute("id") == "fpir")
    ActionChains(browser).key_down(Keys.CONTROL).send_keys("a").key_up(Keys.CONTROL).send_keys("10").perform()
    tab_to(lambda one: one.text == "Identify" and one.tag_name == "button")
    enter()
    assert by(browser, ".result h2").text == "Ada"
    tab_to(lambda one: one.tag_name == "button" and one.get_attribute("value") == "is")
    enter()
    assert by(browser, "[role=status]").text == "It is kept that the picture shows this subject."


def test_every_page_can_be_used_on_a_phone_and_by_a_reader(browser: Any, server: Server) -> None:
    """At 360 pixels nothing is cut off; every field has a label, every image an alternative, one heading is first."""
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True},
    )
    pages = ["/", "/api", "/stylize", "/nothing"]
    pages += [
        f"/g/people/{name}"
        for name in ("identify", "verify", "enrol", "subjects", "subjects?naming=yes", "subjects/3")
    ]
    for path in pages:
        browser.get(server.base + path)
        width = browser.execute_script("return document.documentElement.scrollWidth")
        assert width <= 360, (path, width)
        unlabelled = browser.execute_script(
            "return [...document.querySelectorAll('input:not([type=hidden]), select, progress')]"
            ".filter(one => !one.labels.length && !one.ariaLabel).map(one => one.outerHTML)"
        )
        assert unlabelled == [], path
        assert browser.execute_script("return document.querySelectorAll('img:not([alt])').length") == 0
        assert browser.execute_script("return document.querySelectorAll('h1').length") == 1
        assert browser.execute_script("return document.documentElement.lang") == "en"
        assert browser.execute_script("return document.scripts.length") == 0  # names would be the only ones
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_without_a_script_a_job_is_followed_too(browser: Any, server: Server) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.get(f"{server.base}/g/people/enrol")
        fill(browser, name="Zoe", pictures=server.folder / "nobody.png")
        by(browser, "form.card > button").click()
        until(browser, lambda page: heading(page) == "Enrolled")
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_the_server_keeps_what_it_made_to_its_owner(server: Server) -> None:
    folder = server.folder / "people.gallery.pictures"
    assert os.stat(folder).st_mode & 0o777 == 0o700
