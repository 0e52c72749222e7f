"use strict";
const clock = (s) => String(Math.floor(s / 60)).padStart(2, "0") + ":" + (Math.floor((s % 60) * 10) / 10).toFixed(1).padStart(4, "0");
walks.forEach((walk, index) => {
  const slider = document.getElementById(`w${index}-at`), lanes = document.getElementById(`w${index}-lanes`);
  const cursor = lanes.querySelector(".cursor"), picture = document.getElementById(`w${index}-picture`);
  const left = Number(lanes.dataset.left), scale = Number(lanes.dataset.scale);
  const during = (spans, at) => spans.filter(([from, to]) => from <= at && at <= to).map((span) => span[2]);
  const words = (list) => (list.length ? list.join("; ") : "nothing");
  const show = () => {
    const at = Number(slider.value);
    const told = {
      truth: words(during(walk.truth, at)), belief: words(during(walk.belief, at)),
      said: words(walk.said.filter(([from]) => at - 3 < from && from <= at).map(([from, text]) => `${clock(from)} ${text}`)),
      silent: words(during(walk.silent, at)),
    };
    for (const part in told) document.getElementById(`w${index}-${part}`).textContent = told[part];
    slider.setAttribute("aria-valuetext", `${clock(at)}. There: ${told.truth}. Believed: ${told.belief}. Said: ${told.said}.`);
    cursor.setAttribute("visibility", "visible");
    cursor.setAttribute("transform", `translate(${at * scale} 0)`);
    if (picture) {
      const frame = walk.frames.filter(([from]) => from <= at).pop() || walk.frames[0];
      if (frame && picture.dataset.at !== String(frame[0])) {
        picture.dataset.at = frame[0];
        picture.src = frame[1];
        picture.alt = `The frame at ${clock(frame[0])}`;
      }
    }
  };
  slider.addEventListener("input", show);
  lanes.addEventListener("pointermove", (event) => {
    const box = lanes.getBoundingClientRect(), wide = lanes.viewBox.baseVal.width;
    const at = ((event.clientX - box.left) / box.width * wide - left) / scale;
    if (at >= 0 && at <= walk.seconds) { slider.value = at; show(); }
  });
  show();
});
