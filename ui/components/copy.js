// Copies a text to the clipboard and says so where it was clicked.

const ICON = "M16 1H5a2 2 0 0 0-2 2v13h2V3h11V1Zm3 4H9a2 2 0 0 0-2 2v14a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2V7a2 2 0 0 0-2-2Zm0 16H9V7h10v14Z";

async function toClipboard(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  // Without HTTPS a page at another address than this machine's has no clipboard of its own.
  const box = document.body.appendChild(document.createElement("textarea"));
  box.value = text;
  box.select();
  const done = document.execCommand("copy");
  box.remove();
  if (!done) throw new Error("refused");
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".copy");
  root.copied = data.text;
  if (root.firstChild) return;
  const button = root.appendChild(document.createElement("button"));
  button.setAttribute("aria-label", "Copy the answer with its sources");
  button.title = "Copy the answer with its sources";
  const icon = button.appendChild(document.createElementNS("http://www.w3.org/2000/svg", "svg"));
  icon.setAttribute("viewBox", "0 0 24 24");
  icon.setAttribute("aria-hidden", "true");
  icon.appendChild(document.createElementNS("http://www.w3.org/2000/svg", "path")).setAttribute("d", ICON);
  const said = root.appendChild(document.createElement("span"));
  said.setAttribute("role", "status");
  let gone = 0;
  button.onclick = async () => {
    clearTimeout(gone);
    said.textContent = await toClipboard(root.copied).then(
      () => "Copied",
      () => "The browser refused",
    );
    gone = setTimeout(() => (said.textContent = ""), 2500);
  };
}
