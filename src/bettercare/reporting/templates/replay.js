"use strict";
(() => {
  const HOUR = 4, BLOCK = 24; // steps in an hour, and in the six hours between two spoken summaries
  const QUIET = 4000; // least time between two of them while the week plays, in milliseconds
  const data = JSON.parse(document.getElementById("data").textContent);
  const last = data.steps;
  const by = (id) => document.getElementById(id);
  const player = by("player"), play = by("play"), slider = by("time"), calm = by("calm"), speed = by("speed");

  // A series is its first value, then pairs: steps since the last change, and the change.
  const series = (packed) => {
    const out = new Int32Array(last + 1);
    let value = packed[0], at = 0;
    for (let i = 1; i < packed.length; i += 2) {
      const next = at + packed[i];
      out.fill(value, at, next);
      at = next;
      value += packed[i + 1];
    }
    return out.fill(value, at);
  };
  const number = (n) => n.toLocaleString("en-GB");
  const put = (element, n) => {
    const text = number(n);
    if (element && element.textContent !== text) element.textContent = text;
  };

  const PARTS = ["taken", "stuck", "waiting", "open"];
  const rows = data.rows.map(([widest, ...parts], k) => {
    const item = player.querySelector(`[data-row="${k}"]`);
    const row = { widest, queue: item.querySelector(".queue"), bar: item.querySelector(".bar"), text: {}, values: {} };
    parts.forEach((packed, i) => {
      row.values[PARTS[i]] = series(packed);
      row.text[PARTS[i]] = item.querySelector(`[data-is="${PARTS[i]}"]`);
    });
    return row;
  });
  const shown = [];
  const now = {};
  for (const [code, [name, packed]] of Object.entries(data.now)) {
    now[code] = { name, values: series(packed) };
    shown.push([player.querySelector(`[data-now="${code}"]`), now[code].values]);
  }
  for (const [code, packed] of Object.entries(data.counted)) {
    shown.push([player.querySelector(`[data-counted="${code}"]`), series(packed)]);
  }
  data.reasons.forEach((packed, k) => shown.push([player.querySelector(`[data-reason="${k}"]`), series(packed)]));

  const two = (n) => String(n).padStart(2, "0");
  const clock = (step) => {
    const day = Math.min(Math.floor(step / (24 * HOUR)), data.days.length - 1);
    const quarter = step - day * 24 * HOUR;
    return `${data.days[day]}, ${two(Math.floor(quarter / HOUR))}:${two((quarter % HOUR) * 15)}`;
  };

  let step = 0, playing = false, began = 0, from = 0, spokenBlock = -1, spokenAt = -QUIET;

  const drawRow = ({ widest, queue, bar, text, values }) => {
    for (const part of PARTS) if (text[part]) put(text[part], values[part][step]);
    if (bar) {
      const share = (n) => `${(100 * n) / widest}%`;
      const [room, used, stuck] = bar.children;
      room.style.width = share(values.open[step]);
      used.style.width = share(values.taken[step]);
      stuck.style.left = share(values.taken[step] - values.stuck[step]);
      stuck.style.width = share(values.stuck[step]);
    }
    if (queue) queue.style.setProperty("--people", values.waiting[step]);
  };
  const speak = (time) => {
    const block = Math.floor(step / BLOCK);
    if (block === spokenBlock || (playing && time - spokenAt < QUIET)) return;
    spokenBlock = block;
    spokenAt = time;
    const parts = Object.values(now).map(({ name, values }) => `${number(values[step])} ${name}`);
    by("said").textContent = `${clock(step)}: ${parts.join("; ")}.`;
  };
  const show = (next, time = performance.now()) => {
    step = Math.max(0, Math.min(last, next));
    player.dataset.step = step;
    const when = clock(step);
    by("clock").textContent = when;
    slider.value = step;
    slider.setAttribute("aria-valuetext", when);
    rows.forEach(drawRow);
    for (const [element, values] of shown) put(element, values[step]);
    speak(time);
  };

  const frame = (time) => {
    if (!playing) return;
    const seconds = (time - began) / 1000;
    const next = calm.checked ? from + HOUR * Math.floor(seconds) : from + Math.floor(seconds * speed.value * HOUR);
    if (next > step) show(next, time);
    if (step >= last) stop();
    else requestAnimationFrame(frame);
  };
  const restart = () => {
    began = performance.now();
    from = step;
  };
  const stop = () => {
    playing = false;
    play.textContent = "Play";
    speak(performance.now());
  };
  const toggle = () => {
    if (playing) return stop();
    if (step >= last) show(0);
    playing = true;
    play.textContent = "Pause";
    restart();
    requestAnimationFrame(frame);
  };
  const move = (steps) => {
    const size = calm.checked ? HOUR : 1;
    const aligned = steps > 0 ? Math.floor(step / size) : Math.ceil(step / size);
    show((aligned + steps) * size);
    restart();
  };
  const settle = () => {
    speed.disabled = calm.checked;
    slider.step = calm.checked ? HOUR : 1;
    speed.title = calm.checked ? "With motion reduced, one hour a second" : "";
    if (calm.checked) show(Math.round(step / HOUR) * HOUR);
    restart();
  };

  play.addEventListener("click", toggle);
  by("back").addEventListener("click", () => move(-1));
  by("on").addEventListener("click", () => move(1));
  speed.addEventListener("change", restart);
  calm.addEventListener("change", settle);
  slider.addEventListener("input", () => {
    show(Number(slider.value));
    restart();
  });

  // Keys work in the player, and on the page while the player's controls are in sight; elsewhere they do what they do.
  const inSight = () => {
    const box = play.getBoundingClientRect();
    return box.bottom > 0 && box.top < innerHeight;
  };
  document.addEventListener("keydown", (event) => {
    const { target, key } = event;
    if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    if (!(player.contains(target) || (target === document.body && inSight()))) return;
    if (key === " ") {
      if (target.matches("button, select, input[type=checkbox]")) return;
      toggle();
    } else if (key === "ArrowLeft" || key === "ArrowRight") {
      if (target.matches("select, input[type=range]")) return;
      move(key === "ArrowRight" ? 1 : -1);
    } else {
      return;
    }
    event.preventDefault();
  });

  const wish = matchMedia("(prefers-reduced-motion: reduce)");
  const follow = () => {
    calm.checked = wish.matches;
    settle();
  };
  wish.addEventListener("change", follow);
  player.hidden = false;
  calm.checked = wish.matches;
  settle();
  show(0);
})();
