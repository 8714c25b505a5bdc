// Marks a quote inside a container and brings it into view, without touching the page's own nodes.
// Letters and digits alone are compared: what is drawn has lost the Markdown around them.

const significant = (text) => [...text.toLowerCase()].filter((c) => /[\p{L}\p{N}]/u.test(c)).join("");

function find(scope, quote) {
  const walker = document.createTreeWalker(scope, NodeFilter.SHOW_TEXT);
  const places = [];
  let text = "";
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    for (let offset = 0; offset < node.data.length; offset++) {
      const kept = significant(node.data[offset]);
      if (kept) {
        text += kept;
        for (let i = 0; i < kept.length; i++) places.push([node, offset]);
      }
    }
  }
  const wanted = significant(quote);
  const at = wanted ? text.indexOf(wanted) : -1;
  if (at < 0) return null;
  const range = document.createRange();
  range.setStart(...places[at]);
  const [last, offset] = places[at + wanted.length - 1];
  range.setEnd(last, offset + 1);
  return range;
}

// A panel that scrolls by itself is scrolled alone, so that the conversation beside it stays where it is.
function show(range, scope) {
  const panel = [scope, ...scope.querySelectorAll("*"), scope.parentElement].find(
    (node) => node.scrollHeight > node.clientHeight + 1 && /auto|scroll/.test(getComputedStyle(node).overflowY),
  );
  if (!panel || !panel.contains(range.startContainer)) {
    range.startContainer.parentElement.scrollIntoView({ block: "center", behavior: "instant" });
    return;
  }
  const offset = range.getBoundingClientRect().top - panel.getBoundingClientRect().top;
  panel.scrollTop += offset - panel.clientHeight / 3;
  panel.scrollIntoView({ block: "nearest", behavior: "instant" });
}

export default function ({ data }) {
  let done = false;
  const mark = () => {
    const scope = document.querySelector(data.scope);
    if (done || !scope) return;
    const range = find(scope, data.quote);
    if (!range) return;
    done = true;
    if (CSS.highlights) CSS.highlights.set("quote", new Highlight(range));
    scope.dataset.highlighted = range.toString();
    show(range, scope);
  };
  // The section may be drawn after this component.
  const observer = new MutationObserver(mark);
  observer.observe(document.body, { childList: true, subtree: true, characterData: true });
  mark();
  return () => {
    observer.disconnect();
    if (CSS.highlights) CSS.highlights.delete("quote");
  };
}
