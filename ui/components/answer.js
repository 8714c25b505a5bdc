// Draws an answer's statements with their citation numbers. Text from documents only ever becomes text nodes.

const INLINE = /(`[^`]+`|\*\*[^*]+\*\*)/;

function element(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text) node.textContent = text;
  return node;
}

// The handbook's own words, where a model wrote something that they do not say.
function words(parent, statement) {
  if (!statement.replaces) return inline(parent, statement.text);
  const quote = parent.appendChild(element("q"));
  quote.title = "Quoted in place of a sentence that this section does not say";
  inline(quote, statement.text);
}

function inline(parent, markdown) {
  for (const part of markdown.split(INLINE)) {
    if (/^`[^`]+`$/.test(part)) parent.append(element("code", "", part.slice(1, -1)));
    else if (/^\*\*[^*]+\*\*$/.test(part)) inline(parent.appendChild(element("strong")), part.slice(2, -2));
    else parent.append(part);
  }
}

// The source that opens beside an answer breaks its lines anew, which must not move the reader: for a moment
// the number that was clicked stays where it is.
const HELD = 4000; // milliseconds, unless the person does something else
const BESIDE = 640; // pixels of a window from which the source stands beside the answer, as page.css has it
const drawn = new Map();

function hold(answer, number) {
  const find = () => drawn.get(answer)?.querySelector(`[aria-label^="Source ${number}:"]`);
  const scroller = document.querySelector("[data-testid='stMain']");
  if (!scroller || window.innerWidth < BESIDE) return;
  const place = find().getBoundingClientRect().top;
  const end = performance.now() + HELD;
  const released = new AbortController();
  const release = (event) => event.isTrusted && released.abort();
  for (const scrolled of ["wheel", "touchstart", "pointerdown", "keydown"])
    window.addEventListener(scrolled, release, { signal: released.signal, capture: true, passive: true });
  const stay = () => {
    if (released.signal.aborted || performance.now() > end) return released.abort();
    const button = find();
    const moved = button?.isConnected ? button.getBoundingClientRect().top - place : 0;
    if (Math.abs(moved) > 1) scroller.scrollTop += moved;
    requestAnimationFrame(stay);
  };
  requestAnimationFrame(stay);
}

function citation(statement, opened, open) {
  const holder = element("span", "cite");
  const button = holder.appendChild(element("button", "", String(statement.number)));
  const card = holder.appendChild(element("span", "card"));
  button.setAttribute("aria-label", `Source ${statement.number}: ${statement.place}`);
  button.setAttribute("aria-pressed", String(statement.number === opened));
  button.onclick = () => open(statement.number);
  button.onmouseenter = button.onfocus = () => {
    // Fixed, because a column of the page would cut the card off; below the number unless there is no room.
    const at = button.getBoundingClientRect();
    const width = Math.min(352, window.innerWidth - 32);
    card.style.left = `${Math.max(16, Math.min(at.left - 40, window.innerWidth - width - 16))}px`;
    const below = at.bottom + 180 < window.innerHeight;
    card.style.top = below ? `${at.bottom + 6}px` : "auto";
    card.style.bottom = below ? "auto" : `${window.innerHeight - at.top + 6}px`;
  };
  card.setAttribute("role", "tooltip");
  card.append(element("b", "", statement.place), `“${statement.quote}”`);
  return holder;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".answer");
  drawn.set(data.answer, root);
  const open = (number) => {
    hold(data.answer, number);
    setTriggerValue("opened", number);
  };
  root.replaceChildren();
  let group = null;
  for (const [position, statement] of data.statements.entries()) {
    const number = citation(statement, data.opened, open);
    if (statement.label) {
      root.append(element("h4", "part", statement.label));
      group = null;
    }
    if (statement.kind === "code") {
      const block = root.appendChild(element("pre"));
      block.append(element("code", "", statement.text), number);
      group = null;
    } else if (statement.kind === "item") {
      if (!group || group.tagName !== "UL") group = root.appendChild(element("ul"));
      const item = group.appendChild(element("li"));
      words(item, statement);
      item.append(" ", number);
    } else {
      const fresh = position < 2 || !group || group.tagName !== "P";
      if (fresh) group = root.appendChild(element("p", position === 0 ? "first" : ""));
      words(group, statement);
      group.append(" ", number, " ");
    }
  }
  return () => {
    if (drawn.get(data.answer) === root) drawn.delete(data.answer);
  };
}
