/* The timeline by keyboard: one stop for Tab, then arrows. Without scripts every bar is a stop of its own. */
"use strict";
(() => {
  const roving = (drawing) => {
    const bars = [...drawing.querySelectorAll("a")];
    const stop = (at) => bars.forEach((bar, i) => bar.setAttribute("tabindex", i === at ? "0" : "-1"));
    const last = bars.length - 1;
    stop(0);
    bars.forEach((bar, i) => {
      bar.addEventListener("focus", () => stop(i));
      bar.addEventListener("keydown", (event) => {
        const to = {
          ArrowDown: i + 1, ArrowUp: i - 1, PageDown: i + 10, PageUp: i - 10, Home: 0, End: last,
        }[event.key];
        if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
        event.preventDefault();
        bars[Math.min(last, Math.max(0, to))].focus();
      });
    });
  };
  document.querySelectorAll(".bct-timeline").forEach(roving);
  document.querySelectorAll(".bct-keys").forEach((hint) => { hint.hidden = false; });
})();
