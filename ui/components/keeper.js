// Hands over what is typed before the box is left, so that a reload loses nothing, and counts the
// clock down. A text area of Streamlit's own hands over its text only when it is left.

const PAUSE = 500; // milliseconds without a key before the text is handed over

function shown(seconds) {
  const whole = Math.max(0, Math.ceil(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")} left`;
}

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const root = parentElement.querySelector(".keeper");
  // Each run of the page comes by here; what is under way for the same answer goes on.
  parentElement.tell = { setStateValue, setTriggerValue };
  if (parentElement.turn === data.turn) return;
  parentElement.turn = data.turn;
  parentElement.stop?.();

  const box = () => document.querySelector(`${data.scope} textarea`);
  const now = () => ({ turn: data.turn, text: box()?.value ?? "" });
  let typing = 0;
  let ticking = 0;
  const typed = (event) => {
    if (event.target !== box()) return;
    clearTimeout(typing);
    typing = setTimeout(() => parentElement.tell.setStateValue("typed", now()), PAUSE);
  };
  document.addEventListener("input", typed);
  parentElement.stop = () => {
    document.removeEventListener("input", typed);
    clearTimeout(typing);
    clearInterval(ticking);
  };

  root.textContent = "";
  root.removeAttribute("role");
  if (data.left === null) return;
  const end = Date.now() + data.left * 1000;
  const tick = () => {
    const left = (end - Date.now()) / 1000;
    root.textContent = shown(left);
    root.classList.toggle("short", left < 60);
    if (left > 0) return;
    parentElement.stop();
    parentElement.tell.setTriggerValue("out", now());
  };
  root.setAttribute("role", "timer");
  ticking = setInterval(tick, 500);
  tick();
}
