// Finds while somebody types: section titles and terms here, at every key; sentences in Python, after a
// pause. Text from documents and from the person only ever becomes text nodes.

const PAUSE = 150; // milliseconds without a key before Python is asked
const MOST = { sections: 6, terms: 5 };

const words = (text) => text.toLowerCase().match(/[\p{L}\p{N}_.]*[\p{L}\p{N}_]/gu) ?? [];
const spaced = (text) => words(text).map((word) => ` ${word}`).join("");

// Every word typed begins a word of the text; 0 is the best fit, -1 is none.
function fit(asked, text) {
  const row = ` ${asked.join(" ")}`;
  if (!asked.length || !asked.every((word) => text.includes(` ${word}`))) return -1;
  return text === row ? 0 : text.startsWith(row) ? 1 : text.includes(row) ? 2 : 3;
}

function best(asked, entries, most) {
  const found = [];
  for (const entry of entries) {
    const fits = entry.texts.map((text) => fit(asked, text)).filter((value) => value >= 0);
    if (fits.length) found.push([Math.min(...fits), entry.texts[0].length, entry]);
  }
  return found.sort((a, b) => a[0] - b[0] || a[1] - b[1]).slice(0, most).map(([, , entry]) => entry);
}

function element(parent, tag, className = "", text = "") {
  const node = parent.appendChild(document.createElement(tag));
  if (className) node.className = className;
  node.textContent = text;
  return node;
}

// The text with the beginnings of words that were typed marked.
function marked(parent, text, asked) {
  const quoted = asked.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}_])(${quoted.join("|")})`, "giu");
  for (const [position, part] of text.split(pattern).entries()) {
    if (position % 2) element(parent, "mark", "", part);
    else parent.append(part);
  }
}

class Search {
  constructor(root) {
    this.root = root;
    this.input = element(root, "input");
    this.list = element(root, "div", "results");
    this.status = element(root, "div", "status");
    this.active = -1;
    const { input, list } = this;
    for (const [name, value] of Object.entries({
      type: "search", placeholder: "Search titles, terms and text", autocomplete: "off", spellcheck: "false",
      maxlength: "200", role: "combobox", "aria-label": "Search the handbook", "aria-autocomplete": "list",
      "aria-controls": "search-results", "aria-expanded": "false", enterkeyhint: "search",
    })) input.setAttribute(name, value);
    list.id = "search-results";
    list.hidden = true;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "Results");
    list.onmousedown = (event) => event.preventDefault(); // the box keeps the focus
    this.status.setAttribute("role", "status");
    input.oninput = () => {
      clearTimeout(this.pause);
      this.pause = setTimeout(() => this.tell.setStateValue("typed", input.value.trim()), PAUSE);
      this.active = -1;
      this.draw();
    };
    input.onfocus = () => this.draw();
    input.onblur = () => this.close();
    input.onkeydown = (event) => this.key(event);
  }

  update(data, tell) {
    this.tell = tell;
    this.typed = data.typed;
    this.passages = data.passages;
    if (this.version !== data.version) {
      this.version = data.version;
      this.sections = data.sections.map(([section, title]) => (
        { section, title, quote: "", texts: [spaced(title), spaced(`${section} ${title}`)] }
      ));
      this.terms = data.terms.map(([title, section, means, also, was, renamed]) => (
        { section, title, means, renamed, quote: "", texts: [title, ...also, ...was].map(spaced), was: was.map(spaced) }
      ));
    }
    if (!this.list.hidden && document.activeElement === this.input) this.draw();
  }

  draw() {
    const typed = this.input.value.trim();
    const asked = words(typed);
    const waiting = this.typed !== typed;
    const chosen = this.rows?.[this.active];
    this.list.replaceChildren();
    this.rows = [];
    if (!typed) return this.close();
    this.group("Sections", best(asked, this.sections, MOST.sections), (row, { section, title }) => {
      element(row, "span", "number", section);
      marked(element(row, "span", "title"), title, asked);
    });
    this.group("Terms", best(asked, this.terms, MOST.terms), (row, term) => {
      marked(element(row, "span", "title"), term.title, asked);
      const former = term.renamed && term.was.some((name) => fit(asked, name) >= 0);
      element(row, "span", "more", former ? `${term.renamed} ${term.means}` : term.means);
    });
    this.group("In the text", waiting ? [] : this.passages, (row, { place, text }) => {
      element(row, "span", "place", place);
      marked(element(row, "span", "more"), text, asked);
    });
    if (waiting) element(this.list, "div", "note", "Searching the text …");
    else if (!this.rows.length) element(this.list, "div", "note", "Nothing in the handbook has these words.");
    this.status.textContent = waiting ? "" : `${this.rows.length} results`;
    this.open(true);
    this.move(chosen ? this.rows.findIndex((row) => row.href === chosen.href) : -1);
  }

  group(name, entries, fill) {
    if (!entries.length) return;
    const group = element(this.list, "div", "group");
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", name);
    element(group, "div", "name", name).setAttribute("aria-hidden", "true");
    for (const entry of entries) {
      const row = element(group, "a", "row");
      const quote = entry.quote ? `&quote=${encodeURIComponent(entry.quote)}` : "";
      row.href = `handbook?section=${encodeURIComponent(entry.section)}${quote}`;
      row.id = `search-${this.rows.length}`;
      row.tabIndex = -1;
      row.setAttribute("role", "option");
      row.onclick = (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a new tab
        event.preventDefault();
        this.choose(entry);
      };
      this.rows.push(row);
      fill(row, entry);
    }
  }

  choose({ section, quote }) {
    clearTimeout(this.pause);
    this.input.value = "";
    this.close();
    this.input.blur();
    this.tell.setTriggerValue("chosen", { section, quote });
  }

  open(is) {
    this.list.hidden = !is;
    this.input.setAttribute("aria-expanded", String(is));
    if (!is) this.status.textContent = "";
  }

  close() {
    this.active = -1;
    this.input.removeAttribute("aria-activedescendant");
    this.open(false);
  }

  move(to) {
    this.rows[this.active]?.removeAttribute("aria-selected");
    this.active = to;
    const row = this.rows[to];
    if (!row) return this.input.removeAttribute("aria-activedescendant");
    row.setAttribute("aria-selected", "true");
    this.input.setAttribute("aria-activedescendant", row.id);
    row.scrollIntoView({ block: "nearest" });
  }

  key(event) {
    const count = this.list.hidden ? 0 : this.rows.length;
    if (event.key === "Escape") {
      if (this.list.hidden) this.input.value = "";
      this.close();
    } else if (event.key === "ArrowDown" && !count) this.draw();
    else if (event.key === "ArrowDown" && count) this.move((this.active + 1) % count);
    else if (event.key === "ArrowUp" && count) this.move((Math.max(this.active, 0) + count - 1) % count);
    else if (event.key === "Enter" && count) this.rows[Math.max(this.active, 0)].click();
    else return;
    event.preventDefault();
  }
}

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  // Each run of the page comes by here; what is typed stays.
  parentElement.search ??= new Search(parentElement.querySelector(".search"));
  const { search } = parentElement;
  search.update(data, { setStateValue, setTriggerValue });
  const slash = (event) => {
    if (event.key !== "/" || event.target.closest?.("input, textarea, select, [contenteditable]")) return;
    event.preventDefault();
    search.input.focus();
  };
  document.addEventListener("keydown", slash);
  return () => document.removeEventListener("keydown", slash);
}
