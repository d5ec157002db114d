// Small comforts; every page works without them.
"use strict";

// A form that is sent keeps its button from being pressed twice.
document.addEventListener("submit", (event) => {
  const button = event.target.querySelector("button:not([type=button])");
  if (button) setTimeout(() => { button.disabled = true; }, 0);
});

// Coming back by the browser's own button, it can be pressed again.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  document.querySelectorAll("form button:disabled:not([aria-describedby])")
    .forEach((button) => { button.disabled = false; });
});
