// Shows what a term means, at links to `#term-KEY`: on hover, on focus, and on a tap. Text nodes only.
// Opens a section that the text refers to in this session: a link would begin a new one.

const LINK = 'a[href^="#term-"]';
const SECTION = 'a[href^="handbook?section="]';
const LINGER = 200; // milliseconds in which the pointer may travel from the term to its card

function element(parent, tag, className, text) {
  const node = parent.appendChild(document.createElement(tag));
  if (className) node.className = className;
  node.textContent = text;
  return node;
}

function fill(card, term) {
  card.replaceChildren();
  element(card, "b", "", term.term);
  element(card, "span", "", term.means);
  if (term.renamed) element(card, "em", "", term.renamed);
  if (!term.href) return;
  const link = element(card, "a", "", `Section ${term.section}`);
  link.href = term.href;
}

function place(card, link) {
  // Fixed, because a column of the page would cut the card off; below the term unless there is no room.
  const [at] = link.getClientRects();
  const width = Math.min(352, window.innerWidth - 32);
  const below = at.bottom + 220 < window.innerHeight;
  card.style.left = `${Math.max(16, Math.min(at.left, window.innerWidth - width - 16))}px`;
  card.style.top = below ? `${at.bottom + 4}px` : "auto";
  card.style.bottom = below ? "auto" : `${window.innerHeight - at.top + 4}px`;
}

function listen(parentElement) {
  const card = parentElement.querySelector(".terms");
  card.id = "term-card";
  card.setAttribute("role", "tooltip");
  let shown = null;
  let leaving = 0;
  const hide = () => {
    clearTimeout(leaving);
    shown?.removeAttribute("aria-describedby");
    shown = null;
    card.classList.remove("open");
  };
  const show = (link) => {
    clearTimeout(leaving);
    const term = parentElement.terms[decodeURIComponent(link.getAttribute("href")).slice(6)];
    if (!term || shown === link) return;
    hide();
    shown = link;
    fill(card, term);
    link.setAttribute("aria-describedby", card.id);
    card.classList.add("open");
    place(card, link);
  };
  const linger = () => {
    clearTimeout(leaving);
    leaving = setTimeout(hide, LINGER);
  };
  const over = (event) => {
    const link = event.target.closest?.(LINK);
    if (link) show(link);
    else if (card.contains(event.target)) clearTimeout(leaving);
  };
  const out = (event) => {
    if (event.target.closest?.(LINK) || card.contains(event.target)) linger();
  };
  const on = {
    mouseover: over,
    mouseout: out,
    focusin: over,
    focusout: out,
    click: (event) => {
      const reference = event.target.closest?.(SECTION);
      const link = event.target.closest?.(LINK);
      if (link) {
        event.preventDefault(); // the link leads nowhere; the card says it all
        show(link);
      } else if (reference && !reference.onclick && !(event.ctrlKey || event.metaKey || event.shiftKey)) {
        event.preventDefault();
        hide();
        parentElement.tell("opened", new URLSearchParams(reference.search).get("section"));
      } else if (!card.contains(event.target)) hide();
    },
    keydown: (event) => {
      if (event.key === "Escape") hide();
    },
    scroll: () => shown && place(card, shown),
  };
  for (const [name, handle] of Object.entries(on)) document.addEventListener(name, handle, true);
  return () => {
    for (const [name, handle] of Object.entries(on)) document.removeEventListener(name, handle, true);
    hide();
  };
}

export default function ({ data, parentElement, setTriggerValue }) {
  parentElement.terms = data.terms;
  parentElement.tell = setTriggerValue;
  return listen(parentElement);
}
