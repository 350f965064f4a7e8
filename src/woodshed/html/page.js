"use strict";
// Interaction: a cell of the confusion matrix opens its clips, and only one clip plays at a time. Without
// this script all clips are shown, with the browser's audio player.
(() => {
  const cells = [...document.querySelectorAll("button[data-cell]")];
  const audios = [...document.querySelectorAll("audio")];
  document.documentElement.classList.add("js");

  const stop = () => audios.forEach((audio) => audio.pause());
  const play = (audio) => {
    stop();
    audio.currentTime = 0;
    audio.play().catch(() => { audio.controls = true; });
  };

  const open = (cell) => {
    stop();
    for (const other of cells) {
      const chosen = other === cell;
      other.setAttribute("aria-expanded", String(chosen));
      document.getElementById(other.dataset.cell).classList.toggle("open", chosen);
    }
    return document.getElementById(cell.dataset.cell);
  };

  for (const cell of cells) {
    cell.addEventListener("click", () => {
      const panel = open(cell);
      panel.scrollIntoView({ block: "nearest" });
      const first = panel.querySelector("audio");
      if (first) play(first);
    });
  }

  // Arrow keys walk from one mistake to the next, row by row; Escape is silence.
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") stop();
    const at = cells.indexOf(document.activeElement);
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (at < 0 || !step) return;
    event.preventDefault();
    cells[(at + step + cells.length) % cells.length].focus();
  });

  for (const audio of audios) {
    const clip = audio.closest(".clip");
    const button = clip.querySelector(".play");
    const head = clip.querySelector(".head");
    button.hidden = false;
    button.addEventListener("click", () => (audio.paused ? play(audio) : stop()));
    const follow = () => {
      if (audio.paused) return;
      head.style.left = `${100 * audio.currentTime / (audio.duration || 1)}%`;
      requestAnimationFrame(follow);
    };
    const show = (sounding) => {
      clip.classList.toggle("sounding", sounding);
      button.textContent = sounding ? "\u25A0" : "\u25B6\uFE0E";
      button.setAttribute("aria-pressed", String(sounding));
      if (sounding) follow();
    };
    audio.addEventListener("play", () => show(true));
    audio.addEventListener("pause", () => show(false));
    audio.addEventListener("ended", () => show(false));
  }

  const first = cells.find((cell) => "first" in cell.dataset);
  if (first) open(first);
})();
