const cards = [...document.querySelectorAll("article")];
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (step) {
    const here = cards.findIndex((card) => card.contains(document.activeElement));
    const next = cards[here < 0 ? 0 : Math.min(Math.max(here + step, 0), cards.length - 1)];
    if (next) { next.focus(); event.preventDefault(); }
  } else if (event.key === "r" || event.key === "R") {
    const boxes = [...document.querySelectorAll("input[type=checkbox]")];
    const show = boxes.some((box) => !box.checked);
    boxes.forEach((box) => { box.checked = show; });
  }
});
