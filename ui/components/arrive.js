// A section that was just opened is read from its top, or from the block that the address names.

export default function ({ data, parentElement }) {
  const before = parentElement.place;
  parentElement.place = data.place;
  // Streamlit itself scrolls to the block when the page is loaded, and a quote is scrolled to by its marker.
  if (before === undefined || before === data.place || data.quoted) return;
  const block = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (block) block.scrollIntoView();
  else document.querySelector("[data-testid='stMain']")?.scrollTo({ top: 0, behavior: "instant" });
}
