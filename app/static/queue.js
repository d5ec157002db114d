// The queue by keyboard: J and K move, Enter opens, ? tells. It works without, too.
"use strict";

(() => {
  const links = [...document.querySelectorAll("[data-queue] a[data-case]")];
  const help = document.getElementById("queue-keys");
  if (!links.length) return;

  const move = (step) => {
    const here = document.activeElement;
    let place = links.indexOf(here);
    if (place < 0) place = links.findIndex((link) => link.getAttribute("aria-current") === "page");
    const next = place < 0 ? (step > 0 ? 0 : links.length - 1) : place + step;
    const link = links[Math.max(0, Math.min(links.length - 1, next))];
    link.focus();
    link.scrollIntoView({ block: "nearest" });
  };

  document.addEventListener("keydown", (event) => {
    const field = event.target.closest("input, select, textarea, [contenteditable]");
    if (field || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "j" || event.key === "J") move(1);
    else if (event.key === "k" || event.key === "K") move(-1);
    else if (event.key === "?" && help) help.open = !help.open;
    else return;
    event.preventDefault();
  });
})();
