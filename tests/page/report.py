"""report.html in a real browser: report.py PAGE_FIXTURE [unittest arguments].

Exits with 77 when there is no browser. Screenshots go to the folder named by TWLAB_SCREENSHOTS.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

try:
    from selenium import webdriver
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.support.ui import WebDriverWait
except ImportError as missing:
    print(f"skipped: {missing}; apt-get install python3-selenium chromium chromium-driver")
    sys.exit(77)

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
FIXTURE = None


def contrast_problems():
    """Text that stands out from its background less than WCAG's level AA asks for."""
    return """
      const luminance = (c) => {
        const [r, g, b] = c.map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
      const background = (e) => {
        for (; e; e = e.parentElement) {
          const c = rgb(getComputedStyle(e).backgroundColor);
          if (c.length < 4 || c[3] > 0) return c.slice(0, 3);
        }
        return [255, 255, 255];
      };
      const found = [];
      for (const e of document.querySelectorAll('body *')) {
        if (e.closest('svg') || !e.checkVisibility() || ![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())) continue;
        const style = getComputedStyle(e);
        const a = luminance(rgb(style.color)), b = luminance(background(e));
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.7 && style.fontWeight >= 700);
        if (ratio < (large ? 3 : 4.5)) found.push(`${e.tagName}.${e.className}: ${e.textContent.trim().slice(0, 30)}: ${ratio.toFixed(2)}`);
      }
      return found;"""


class Report(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="twlab-page-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        subprocess.run([FIXTURE, cls.folder], check=True)
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        # Nobody but this test is served; a sandbox is not to be had in every container.
        for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars",
                     "--disable-background-networking", "--disable-component-update", "--disable-sync",
                     "--disable-dev-shm-usage", f"--user-data-dir={cls.folder}/profile"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        cls.browser = webdriver.Chrome(service=Service(DRIVER), options=options)
        cls.addClassCleanup(cls.browser.quit)
        cls.browser.set_window_size(1280, 900)

    def tearDown(self):
        errors = [entry["message"] for entry in self.browser.get_log("browser")]
        self.assertEqual(errors, [])
        self.browser.set_window_size(1280, 900)

    def open(self, page, address=""):
        self.browser.get("about:blank")
        self.browser.get(f"file://{self.folder}/{page}/report.html{'#' + address if address else ''}")
        self.shown(address)

    def shown(self, address):
        self.wait(lambda: self.browser.find_element(By.TAG_NAME, "body").get_attribute("data-shown") == address)

    def wait(self, condition):
        WebDriverWait(self.browser, 30, poll_frequency=0.02).until(lambda _: condition())

    def all(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def js(self, script, *arguments):
        return self.browser.execute_script(script, *arguments)

    def visible(self, selector):
        return [e for e in self.all(selector) if e.is_displayed()]

    def claims(self):
        return [row.get_attribute("data-claim") for row in self.visible("tr[data-claim]")]

    def screenshot(self, name):
        folder = os.environ.get("TWLAB_SCREENSHOTS")
        if folder:
            pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
            self.browser.save_screenshot(f"{folder}/{name}.png")

    # ---- The first screen ----

    def test_the_first_screen_has_all_claims_by_document_and_kernel(self):
        self.open("matrix")
        self.assertEqual(sorted(self.claims()), ["close.one", "close.two", "same.claim"])
        self.assertEqual(self.claims()[0], "close.two", "what changes between kernels comes first")
        kernels = [c.text for c in self.all("thead .kernel-column")]
        self.assertEqual(kernels, ["5.1", "5.2", "5.3"])
        row = self.one("tr[data-claim='same.claim']")
        self.assertEqual([c.text for c in row.find_elements(By.CSS_SELECTOR, ".kernel-cell .sign")], ["✘"] * 3)
        self.assertEqual(len(row.find_elements(By.CSS_SELECTOR, ".mark.refuted")), 1)
        self.screenshot("overview")

    def test_it_loads_nothing(self):
        self.open("matrix")
        self.assertEqual(self.js("return performance.getEntriesByType('resource').map((e) => e.name)"), [])

    def test_one_kernel_has_no_choice_of_kernels(self):
        self.open("single")
        self.assertEqual(self.all("[name=kernel]"), [])
        self.assertGreater(len(self.claims()), 0)

    # ---- Filters ----

    def test_search_leaves_what_has_all_words(self):
        self.open("matrix")
        self.one("[name=text]").send_keys("always so")
        self.wait(lambda: self.claims() == ["same.claim"])
        self.assertIn("1 of 3", self.one("output").get_attribute("value"))
        self.one("[name=text]").send_keys(" nowhere")
        self.wait(lambda: self.claims() == [])
        self.assertTrue(self.one(".nothing").is_displayed())
        self.one(".nothing .clear").click()
        self.wait(lambda: len(self.claims()) == 3)

    def test_a_document_is_a_filter(self):
        self.open("matrix")
        button = self.one("button[data-document=other]")
        button.click()
        self.wait(lambda: self.claims() == ["same.claim"])
        self.assertEqual(button.get_attribute("aria-pressed"), "true")
        self.assertTrue(self.browser.current_url.endswith("#?document=other"))
        button.click()
        self.wait(lambda: len(self.claims()) == 3)

    def test_a_filter_has_an_address(self):
        self.open("matrix", "?verdict=confirmed&kernel=5.1")
        self.assertEqual(self.claims(), ["close.two", "close.one"])
        self.open("matrix", "?verdict=confirmed&kernel=5.3")
        self.assertEqual(self.claims(), ["close.one"])
        self.open("matrix", "?changes=1")
        self.assertEqual(self.claims(), ["close.two"])
        self.open("matrix", "?group=same")
        self.assertEqual(self.claims(), ["same.claim"])

    # ---- A claim ----

    def test_a_link_leads_to_a_result(self):
        self.open("matrix", "close.one/5.2/inet6")
        self.assertIn("Closing takes", self.one("#claim blockquote").text)
        self.assertIn("5.2 IPv6", self.one(".tabs [aria-current]").text)
        self.assertIn("Linux 5.2, IPv6", self.one(".result").text)
        self.assertIn("--kernel 5.2", self.one(".result .evidence").text)
        capture = self.one(".result .evidence a").get_attribute("href")
        self.assertTrue(os.path.exists(capture.removeprefix("file://")), capture)
        self.screenshot("claim")

    def test_a_lab_leads_to_its_claim(self):
        self.open("single", "close.lab/inet6")
        self.assertIn("IPv6", self.one(".tabs [aria-current]").text)

    def test_what_changed_stands_side_by_side(self):
        self.open("matrix", "close.two")
        self.assertEqual(len(self.visible(".pair .ladder")), 2)
        self.assertIn("From 5.1 to 5.2", self.one("#claim").text)
        self.screenshot("change")

    def test_the_ladder_has_the_numbers_of_the_recording(self):
        self.open("single", "close.one")
        headers = [e.get_attribute("data-header") for e in self.all(".result .segment")]
        self.assertIn("192.0.2.1:40000 > 192.0.2.2:5000: [S] seq 4000000000", headers[0])
        self.assertIn("192.0.2.2:5000 > 192.0.2.1:40000: [S.] seq 77 ack 4000000001", headers[1])
        self.assertIn("sent in frame 1 of the capture\narrived in frame 2 of the capture, after 9 us", headers[0])
        times = [e.text for e in self.all(".result .time")]
        self.assertEqual(times, sorted(times, key=float))

    def test_pointing_and_keys_show_the_header(self):
        self.open("single", "close.one")
        tip, items = self.one("#header"), self.all(".result [data-header]")
        segment = self.one(".result .segment")
        self.js("arguments[0].scrollIntoView({block: 'center'})", segment)
        ActionChains(self.browser).move_to_element(segment.find_element(By.TAG_NAME, "text")).perform()
        self.wait(lambda: tip.is_displayed() and tip.text == segment.get_attribute("data-header"))
        self.screenshot("header")
        self.js("arguments[0].focus()", items[0])
        self.wait(lambda: tip.text == items[0].get_attribute("data-header"))
        self.browser.switch_to.active_element.send_keys(Keys.ARROW_DOWN)
        self.wait(lambda: tip.text == items[1].get_attribute("data-header"))
        self.browser.switch_to.active_element.send_keys(Keys.ESCAPE)
        self.wait(lambda: not tip.is_displayed())

    def test_keys_lead_through_the_claims(self):
        self.open("matrix", "close.two")
        self.one("body").send_keys("j")
        self.shown("close.one")
        self.one("body").send_keys("k")
        self.shown("close.two")
        self.one("body").send_keys(Keys.ESCAPE)
        self.shown("claims")
        self.one("body").send_keys("/")
        self.assertEqual(self.browser.switch_to.active_element.get_attribute("name"), "text")

    def test_every_result_can_be_shown(self):
        for page in ("single", "matrix"):
            self.open(page)
            for claim in self.claims():
                self.open(page, claim)
                for tab in [a.get_attribute("href").split("#")[1] for a in self.all(".tabs a")] or [claim]:
                    self.open(page, tab)
                    text = self.js("return document.getElementById('claim').textContent")
                    for word in ("undefined", "NaN", "\x01", "\x02", "\x03", "\x04"):
                        self.assertNotIn(word, text, tab)
                    self.assertGreater(len(self.all(".result .segment")), 0, tab)

    def test_the_text_of_a_ladder_has_all_its_headers(self):
        self.open("single", "close.one")
        text = self.js("return document.querySelector('.as-text').textContent")
        for header in (e.get_attribute("data-header") for e in self.all(".result .segment")):
            self.assertIn(header, text)

    # ---- Everybody ----

    def test_a_phone_scrolls_down_only(self):
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                     {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True})
        try:
            for address in ("", "close.one", "kernels", "wrong"):
                self.open("matrix", address)
                self.assertLessEqual(self.js("return document.documentElement.scrollWidth"), 360, address)
                self.screenshot(f"phone-{address or 'overview'}")
        finally:
            self.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    def test_light_and_dark_are_readable(self):
        for scheme in ("light", "dark"):
            self.browser.execute_cdp_cmd(
                "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
            for address in ("", "close.two", "wrong", "kernels"):
                self.open("matrix", address)
                self.assertEqual(self.js(contrast_problems()), [], f"{scheme} {address}")
                self.screenshot(f"{scheme}-{address or 'overview'}")
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})

    def test_whoever_hears_it_finds_the_way(self):
        for address in ("", "close.two", "kernels", "wrong"):
            self.open("matrix", address)
            self.assertEqual(len(self.visible("h1")), 1, address)
            nameless = self.js("""
              return [...document.querySelectorAll('a, button, input, select, [role=group], nav')]
                .filter((e) => e.checkVisibility() && !(e.textContent.trim() || e.getAttribute('aria-label') ||
                        (e.labels && e.labels.length)))
                .map((e) => e.outerHTML.slice(0, 80))""")
            self.assertEqual(nameless, [], address)
            self.assertEqual(self.all("svg:not([role]):not(svg svg)"), [])

    def test_all_of_it_can_be_printed(self):
        self.open("matrix", "all")
        self.assertEqual(len(self.visible(".printed")), 3)
        self.assertGreater(len(self.browser.print_page()), 10_000)

    def test_whatever_a_lab_says_stays_text(self):
        for address in ("", "close.one", "disagreements", "wrong", "kernels", "all"):
            self.open("hostile", address)
            self.assertIsNone(self.js("return window.broken"), address)
            self.assertEqual(self.all("img"), [], address)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: report.py PAGE_FIXTURE [unittest arguments]")
    FIXTURE = sys.argv.pop(1)
    if not CHROMIUM or not DRIVER:
        print("skipped: no chromium or chromedriver; apt-get install chromium chromium-driver")
        sys.exit(77)
    unittest.main()
