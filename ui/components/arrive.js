// What was just opened is read from its top: a section, the block of it that the address names, or the newest
// question of a conversation. That one is held there while its answer is drawn, until the person scrolls.

const HELD = 1000; // milliseconds after each change, for what is still being drawn
const SCROLLED = ["wheel", "touchmove", "pointerdown", "keydown"];

function hold(parentElement, block, anew) {
  if (anew) {
    parentElement.freed?.abort();
    const freed = (parentElement.freed = new AbortController());
    for (const event of SCROLLED)
      window.addEventListener(event, () => freed.abort(), { signal: freed.signal, capture: true, passive: true });
  }
  const freed = parentElement.freed.signal;
  const end = performance.now() + HELD;
  const stay = () => {
    if (freed.aborted || performance.now() > end) return;
    document.querySelector(block)?.scrollIntoView();
    requestAnimationFrame(stay);
  };
  stay();
}

export default function ({ data, parentElement }) {
  const before = parentElement.place;
  parentElement.place = data.place;
  if (data.block) {
    const anew = before !== data.place;
    if (data.place && (anew || parentElement.freed)) hold(parentElement, data.block, anew);
    return () => parentElement.freed?.abort();
  }
  // Streamlit itself scrolls to the block when the page is loaded, and a quote is scrolled to by its marker.
  if (before === undefined || before === data.place || data.quoted) return;
  const named = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (named) named.scrollIntoView();
  else document.querySelector("[data-testid='stMain']")?.scrollTo({ top: 0, behavior: "instant" });
}
