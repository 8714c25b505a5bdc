"""What a person does on the pages, and what they see."""

from playwright.sync_api import Locator, Page, expect

IN_VIEW = """(scope) => {
  const [range] = CSS.highlights.get("quote") ?? [];
  const element = document.querySelector(scope);
  if (!range || !element) return false;
  const at = range.getBoundingClientRect();
  const frame = element.getBoundingClientRect();
  const top = Math.max(frame.top, 60), bottom = Math.min(frame.bottom, window.innerHeight);
  return at.height > 0 && at.top >= top && at.bottom <= bottom;
}"""


def settled(page: Page) -> None:
    expect(page.locator("[data-test-script-state='notRunning']")).to_be_attached()
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)


def open_ask(page: Page, path: str = "/") -> None:
    page.goto(path)
    expect(composer(page)).to_be_visible(timeout=60_000)
    settled(page)


def open_handbook(page: Page, path: str) -> None:
    page.goto(path)
    expect(page.locator(".st-key-section").get_by_role("heading", level=2)).to_be_visible()
    settled(page)


def composer(page: Page) -> Locator:
    return page.get_by_test_id("stChatInputTextArea")


def messages(page: Page) -> Locator:
    return page.get_by_test_id("stChatMessage")


def ask(page: Page, question: str) -> Locator:
    """Type a question; returns the reply."""
    before = messages(page).count()
    composer(page).fill(question)
    composer(page).press("Enter")
    expect(messages(page)).to_have_count(before + 2)
    settled(page)
    return messages(page).nth(before + 1)


def number(reply: Locator, wanted: int) -> Locator:
    return reply.get_by_role("button", name=f"Source {wanted}:")


def card(reply: Locator) -> Locator:
    return reply.get_by_role("tooltip").filter(visible=True)


def resting_place(locator: Locator) -> dict[str, float]:
    """Where an element stands once Streamlit has scrolled and it has been still for fifteen frames."""
    return locator.evaluate(
        """(node) => new Promise((resolve) => {
          let last = {}, still = 0;
          const look = () => {
            const { x, y } = node.getBoundingClientRect();
            still = x === last.x && y === last.y ? still + 1 : 0;
            last = { x, y };
            if (still < 15) requestAnimationFrame(look); else resolve(last);
          };
          look();
        })"""
    )


def letters(text: str) -> str:
    return "".join(character for character in text.lower() if character.isalnum())


def expect_marked(page: Page, scope: str, quote: str) -> None:
    """The quote, to the letter, is highlighted in `scope` and in view."""
    page.wait_for_function(
        """([scope, quote]) => {
          const marked = document.querySelector(scope)?.dataset.highlighted ?? "";
          const plain = (text) => text.toLowerCase().replace(/[^\\p{L}\\p{N}]/gu, "");
          const [range] = CSS.highlights.get("quote") ?? [];
          return plain(marked) === quote && range && plain(range.toString()) === quote;
        }""",
        arg=[scope, letters(quote)],
        timeout=20_000,
    )
    page.wait_for_function(IN_VIEW, arg=scope, timeout=20_000)


def expect_no_sideways_scrolling(page: Page) -> None:
    boxes = page.locator("html, [data-testid^='stMain'], [data-testid='stAppScrollToBottomContainer']")
    too_wide = boxes.evaluate_all(
        """(nodes) => nodes.filter((node) => node.scrollWidth > node.clientWidth + 1)
          .map((node) => node.dataset.testid ?? node.tagName)"""
    )
    assert too_wide == []


def expect_charts_to_fit(page: Page) -> None:
    """Charts follow a change of the window's width a moment later."""
    page.wait_for_function(
        """() => [...document.querySelectorAll("[data-testid='stVegaLiteChart'] *")]
          .every((node) => node.getBoundingClientRect().right <= window.innerWidth)""",
        timeout=20_000,
    )
