// Draws a person's own words with the parts that decided a verdict underlined. Text nodes only.

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".marked");
  root.replaceChildren();
  for (const piece of data.pieces) {
    const node = root.appendChild(document.createElement("span"));
    node.textContent = piece.text;
    if (piece.verdict) {
      node.className = piece.verdict;
      node.title = piece.title;
    }
  }
}
