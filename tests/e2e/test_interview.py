"""The mock interview's states in a real browser. The small handbook, and one design in stages."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.steps import expect_charts_to_fit, expect_no_sideways_scrolling, settled

COMPACTION = "Compaction rewrites small files into large ones without changing a row."


def begin(page: Page, path: str = "/interview?section=1.2", *choices: str) -> None:
    """Set an interview up with some of its options pressed, and start it."""
    page.goto(path)
    expect(page.get_by_role("button", name="Start")).to_be_enabled(timeout=60_000)
    settled(page)
    for choice in choices:
        page.get_by_role("radio", name=choice).click()
        expect(page.get_by_role("radio", name=choice)).to_be_checked()
        settled(page)
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text(re.compile("Question 1 of"))).to_be_visible()
    expect(page).to_have_url(re.compile("interview=[0-9a-f]{32}$"))
    settled(page)


def box(page: Page):
    return page.get_by_label("Your answer")


def submit(page: Page, text: str) -> None:
    box(page).fill(text)
    page.get_by_role("button", name="Submit").click()


def test_what_is_typed_survives_a_reload_without_the_box_being_left(page, look):
    """Guards the text of someone whose browser closes in the middle of a sentence."""
    begin(page)
    with page.expect_event("console", lambda message: message.text == "handed over"):
        page.evaluate(
            """() => {
              const send = WebSocket.prototype.send;
              WebSocket.prototype.send = function (data) {
                send.call(this, data);
                const text = new TextDecoder().decode(data.buffer ?? data);
                if (text.includes("half a sentence")) console.log("handed over");
              };
            }"""
        )
        box(page).press_sequentially("Every file costs half a sentence")
    expect(box(page)).to_be_focused()
    settled(page)
    page.reload()
    expect(box(page)).to_have_value("Every file costs half a sentence")
    look("interview-typed")


def test_a_paused_interview_is_taken_up_where_it_stood(page, look):
    """Guards the question against being read while the clock stands, and the text against the pause."""
    begin(page)
    asked = page.get_by_role("heading", level=3).first.inner_text()
    box(page).fill("Half an answer")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("heading", name="Paused")).to_be_visible()
    expect(page.get_by_text(asked)).to_have_count(0)
    settled(page)
    look("interview-paused")
    page.reload()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("heading", level=3).first).to_have_text(asked)
    expect(box(page)).to_have_value("Half an answer")


def test_the_clock_submits_what_is_typed(page, look):
    """Guards the last words typed before the time is up; the browser's clock is moved, nobody waits."""
    page.clock.install()
    page.goto("/interview?section=1.2")
    expect(page.get_by_role("button", name="Start")).to_be_enabled(timeout=60_000)
    page.get_by_text("With a clock").click()
    expect(page.get_by_text("minutes by the clock")).to_be_visible()
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("timer")).to_have_text(re.compile(r"[2-6]:\d\d left"))
    settled(page)
    look("interview-clock")
    box(page).fill(COMPACTION)
    page.clock.fast_forward("10:00")
    expect(page.get_by_text("Time is up. What you had written was submitted.")).to_be_visible()
    expect(page.locator(".marked")).to_have_text(COMPACTION)
    expect(page.get_by_text("of 100 ·").first).to_be_visible()
    expect(page.get_by_role("timer")).to_have_count(0)


def test_a_design_unfolds_in_its_stages(page, look):
    """Guards the four stages: each asked in turn, graded on its own points, then the whole."""
    begin(page, "/interview", "One deep design")
    answers = {
        "Clarify": "The number of files a day has to be known first.",
        "High-level design": f"A nightly job compacts the partition of yesterday. {COMPACTION}",
        "Deep dive": "The old files stay in storage until a vacuum.",
        "Failure and cost": "Rewritten files double the storage until a vacuum.",
    }
    for at, (stage, answer) in enumerate(answers.items(), start=1):
        expect(page.get_by_text(f"{stage} (stage {at} of 4)")).to_be_visible()
        settled(page)
        submit(page, answer)
        expect(page.get_by_text("of 100 ·").first).to_be_visible()
        settled(page)
        look(f"interview-stage-{at}")
        if at < 4:
            expect(page.get_by_text("for this stage")).to_be_visible()
            expect(page.get_by_text("A strong answer")).to_have_count(0)
            page.get_by_role("button", name="Next stage").click()
    expect(page.get_by_text("A strong answer")).to_be_visible()
    for stage in answers:
        expect(page.locator("strong", has_text=re.compile(f"^{stage}$"))).to_be_visible()
    expect_no_sideways_scrolling(page)
    page.get_by_role("button", name="Answer the probe").click()
    expect(page.get_by_text("Follow-up.")).to_be_visible()
    expect(page.get_by_role("button", name="Leave it there")).to_be_visible()


def test_an_exam_ends_in_a_report_to_keep(page, look):
    """Guards the end of an exam: no feedback before it, a chart, and two files that hold what was said."""
    begin(page, "/interview?section=1.2", "At the end, as in an exam")
    submit(page, f"{COMPACTION} <script>alert('no')</script>")
    expect(page.get_by_text("Follow-up.")).to_be_visible()
    expect(page.get_by_text("of 100")).to_have_count(0)
    settled(page)
    page.get_by_role("button", name="Leave it there").click()
    expect(page.get_by_text("Question 2 of 3")).to_be_visible()
    settled(page)
    page.get_by_role("button", name="End interview").click()
    expect(page.get_by_role("heading", name="How it went")).to_be_visible()
    expect(page.get_by_text("1 of 3 questions graded, ended before 2 of them.")).to_be_visible()
    expect(
        page.locator("[data-testid='stVegaLiteChart'] svg, [data-testid='stVegaLiteChart'] canvas")
    ).to_have_count(2)
    settled(page)
    expect_no_sideways_scrolling(page)
    look("interview-report")
    for name in ("HTML", "Markdown"):
        with page.expect_download() as waiting:
            page.get_by_role("button", name=f"Download as {name}").click()
        text = waiting.value.path().read_text("utf-8")
        assert "Compaction rewrites small files" in text
        assert "<script" not in text
    page.set_viewport_size({"width": 390, "height": 844})
    expect_charts_to_fit(page)
    expect_no_sideways_scrolling(page)
    look("interview-report-phone")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_job_description_is_matched_and_can_be_changed(page, look, scheme):
    """Guards the way from a pasted description to questions about it."""
    page.emulate_media(color_scheme=scheme)
    page.goto("/interview")
    page.get_by_role("radio", name="Job description").click(timeout=60_000)
    page.get_by_placeholder("Paste it here.").fill(
        "Compaction of small files, autoscaling of clusters, free coffee"
    )
    page.get_by_role("heading", name="Mock interview").click()
    expect(page.get_by_text("1.2 File compaction & small files").first).to_be_visible()
    expect(page.get_by_text("“Compaction of small files”")).to_be_visible()
    expect(page.get_by_role("button", name="Start")).to_be_enabled()
    settled(page)
    look(f"interview-job-{scheme}")


def test_an_address_of_no_interview_says_so(page):
    page.goto("/interview?interview=nobody")
    expect(page.get_by_text("There is no interview at this address, nobody.")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("button", name="Start")).to_be_visible()
