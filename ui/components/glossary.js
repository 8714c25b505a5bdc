// The glossary's terms in the order of the alphabet, narrowed while somebody types. Text nodes only.

const words = (text) => text.toLowerCase().match(/[\p{L}\p{N}_.]*[\p{L}\p{N}_]/gu) ?? [];
const plain = (event) => !(event.ctrlKey || event.metaKey || event.shiftKey);

function element(parent, tag, className = "", text = "") {
  const node = parent.appendChild(document.createElement(tag));
  if (className) node.className = className;
  node.textContent = text;
  return node;
}

function link(parent, text, href, label, go) {
  const node = element(parent, "a", "", text);
  node.href = href;
  node.setAttribute("aria-label", label);
  node.onclick = (event) => {
    if (!plain(event)) return; // a new tab
    event.preventDefault();
    go();
  };
}

function entry(list, term, holder) {
  const node = element(list, "div", "entry");
  const head = element(node, "dt");
  const address = `handbook?glossary=${encodeURIComponent(term.term)}`;
  link(head, term.term, address, `${term.term}: this entry alone`, () => holder.narrow(term.term));
  element(node, "dd", "", term.means);
  if (term.renamed) element(node, "dd", "renamed", term.renamed);
  const last = element(node, "dd", "last", term.also.length ? `Also: ${term.also.join(", ")}. ` : "");
  const section = `handbook?section=${encodeURIComponent(term.section)}`;
  const to = `${term.section} ${term.title}`;
  link(last, to, section, `Section ${to}`, () => holder.tell("opened", term.section));
  return node;
}

function build(root, data, holder) {
  const input = element(root, "input");
  input.type = "search";
  input.placeholder = "Filter by name, former name or meaning";
  input.setAttribute("aria-label", "Filter the glossary");
  input.value = data.wanted;
  const count = element(root, "div", "count");
  count.setAttribute("role", "status");
  const groups = [];
  for (const [letter, terms] of data.letters) {
    const group = element(root, "section");
    element(group, "h3", "", letter);
    const list = element(group, "dl");
    const entries = terms.map((term) => {
      const names = [term.term, ...term.also, ...term.was];
      const text = [...names, term.means].map((part) => ` ${words(part).join(" ")}`).join(" ");
      return { node: entry(list, term, holder), text, name: term.term.toLowerCase() };
    });
    groups.push({ group, entries });
  }
  const none = element(root, "div", "none", "No term of the glossary has these words.");
  const narrow = () => {
    const typed = input.value.trim().toLowerCase();
    const asked = words(typed);
    const all = groups.flatMap(({ entries }) => entries);
    // A term's own address shows the term alone, not each one that mentions it.
    const exact = typed === data.wanted.toLowerCase() && all.some(({ name }) => name === typed);
    let shown = 0;
    for (const { group, entries } of groups) {
      for (const { node, text, name } of entries) {
        node.hidden = exact ? name !== typed : !asked.every((word) => text.includes(` ${word}`));
      }
      const here = entries.filter(({ node }) => !node.hidden).length;
      group.hidden = !here;
      shown += here;
    }
    none.hidden = shown > 0;
    count.textContent = shown === all.length ? `${all.length} terms` : `${shown} of ${all.length} terms`;
  };
  input.oninput = narrow;
  narrow();
}

export default function ({ data, parentElement, setTriggerValue }) {
  const holder = { tell: setTriggerValue, narrow: (term) => setTriggerValue("wanted", term) };
  // A run of the page that changes nothing must not take away what is typed.
  const fresh = JSON.stringify(data);
  if (parentElement.shown === fresh) return;
  parentElement.shown = fresh;
  const root = parentElement.querySelector(".glossary");
  root.replaceChildren();
  build(root, data, holder);
}
