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

// Lines to copy get a button where the browser lets a page write to the clipboard.
document.querySelectorAll("[data-copy]").forEach((button) => {
  if (!navigator.clipboard) return;
  const said = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const code = document.getElementById(button.dataset.copy);
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = button.dataset.copied;
    setTimeout(() => { button.textContent = said; }, 2000);
  });
});

// What is under way is looked at again, unless somebody is at work on the page meanwhile.
document.querySelectorAll("[data-again]").forEach((told) => {
  setInterval(() => {
    if (document.hidden || document.activeElement !== document.body) return;
    location.reload();
  }, told.dataset.again * 1000);
});
