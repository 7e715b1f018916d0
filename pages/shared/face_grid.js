// Draws the faces that `face_grid.py` sends, and tells it which one is chosen.
// One stop for the Tab key; the arrow keys, Home and End move between the faces, Enter or Space chooses.

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".groups");
  root.style.setProperty("--side", `${data.side}px`);
  root.style.setProperty("--sheet", `url("${data.sheet}")`);
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", data.label);
  // The page may draw the same faces anew while someone moves among them: keep the place.
  const active = root.getRootNode().activeElement;
  const focused = root.contains(active);
  const last = focused ? active.dataset.index : undefined;
  root.replaceChildren();

  let number = 0;
  for (const faces of data.groups) {
    const group = root.appendChild(document.createElement("div"));
    group.className = data.groups.length === 1 ? "group only" : "group";
    for (const face of faces) group.append(button(face, number++));
  }
  const buttons = [...root.querySelectorAll(".face")];
  const first = buttons.find((item) => item.dataset.index === last) ?? buttons[0];
  if (first) first.tabIndex = 0;
  if (focused && first) first.focus({ preventScroll: true });

  function button(face, position) {
    const item = document.createElement("button");
    item.type = "button";
    item.className = face.faint ? "face faint" : "face";
    item.dataset.index = face.index;
    item.tabIndex = -1;
    item.title = face.title;
    item.setAttribute("aria-label", face.title);
    const picture = item.appendChild(document.createElement("span"));
    picture.className = "picture";
    Object.assign(picture.style, part(position));
    const stripe = item.appendChild(document.createElement("span"));
    stripe.className = "stripe";
    stripe.style.background = face.color;
    if (face.caption) {
      const caption = item.appendChild(document.createElement("span"));
      caption.className = "caption";
      caption.textContent = face.caption;
    }
    return item;
  }

  // Where a face lies on the sheet, in per cent as CSS counts them: its cell without the border.
  function part(position) {
    const inner = data.cell - 2 * data.border;
    const along = (place, count) => (100 * (place * data.cell + data.border)) / (count * data.cell - inner);
    const column = position % data.columns;
    const row = Math.floor(position / data.columns);
    return {
      backgroundSize: `${(100 * data.columns * data.cell) / inner}% ${(100 * data.rows * data.cell) / inner}%`,
      backgroundPosition: `${along(column, data.columns)}% ${along(row, data.rows)}%`,
    };
  }

  function move(from, to) {
    if (!to) return;
    from.tabIndex = -1;
    to.tabIndex = 0;
    to.focus();
  }

  // The nearest face in the row above or below.
  function neighbour(from, direction) {
    const here = from.getBoundingClientRect();
    const rows = buttons
      .map((item) => ({ item, box: item.getBoundingClientRect() }))
      .filter(({ box }) => direction * (box.top - here.top) > 4);
    const nearest = Math.min(...rows.map(({ box }) => Math.abs(box.top - here.top)));
    return rows
      .filter(({ box }) => Math.abs(box.top - here.top) - nearest < 4)
      .sort((a, b) => Math.abs(a.box.left - here.left) - Math.abs(b.box.left - here.left))[0]?.item;
  }

  root.onclick = (event) => {
    const item = event.target.closest(".face");
    if (!item) return;
    for (const other of buttons) other.tabIndex = other === item ? 0 : -1;
    setTriggerValue("chosen", Number(item.dataset.index));
  };
  root.onkeydown = (event) => {
    const item = event.target.closest(".face");
    if (!item) return;
    const at = buttons.indexOf(item);
    const steps = {
      ArrowRight: () => buttons[at + 1],
      ArrowLeft: () => buttons[at - 1],
      ArrowDown: () => neighbour(item, 1),
      ArrowUp: () => neighbour(item, -1),
      Home: () => buttons[0],
      End: () => buttons.at(-1),
    };
    if (!(event.key in steps)) return;
    event.preventDefault();
    move(item, steps[event.key]());
  };
}
