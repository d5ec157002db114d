// A file in parts, with progress; after a break the same file goes on where it was.
"use strict";

(() => {
  const hex = (bytes) => [...new Uint8Array(bytes)].map((b) => b.toString(16).padStart(2, "0")).join("");
  const said = (zh, en) => (document.documentElement.lang.startsWith("zh") ? zh : en);

  const asked = async (form, path, options = {}) => {
    const headers = { "X-CSRF-Token": form.dataset.csrf, ...options.headers };
    const answer = await fetch(path, { ...options, headers, credentials: "same-origin" });
    const body = await answer.json();
    if (!answer.ok) throw new Error(body.detail || body.title || String(answer.status));
    return body;
  };

  const json = (form, path, body) => asked(form, path, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  });

  // What was begun with this very file is gone on with; else a new upload is opened.
  const opened = async (form, file, title, dataset) => {
    const uploads = await asked(form, "/api/uploads?limit=100");
    const left = uploads.items.find((one) => one.state === "open" && one.name === file.name
      && one.size_bytes === file.size && (!dataset || one.dataset_id === dataset));
    if (left) return asked(form, `/api/uploads/${left.id}`);
    return json(form, "/api/uploads",
      { name: file.name, title, size_bytes: file.size, dataset_id: dataset || null });
  };

  const sent = async (form, upload, file, number) => {
    const start = (number - 1) * upload.part_bytes;
    const part = await file.slice(start, start + upload.part_bytes).arrayBuffer();
    const told = hex(await crypto.subtle.digest("SHA-256", part));
    const path = `/api/uploads/${upload.id}/parts/${number}?sha256=${told}`;
    const options = { method: "POST", headers: { "Content-Type": "application/octet-stream" }, body: part };
    for (let left = 4; ; left -= 1) {
      try { return await asked(form, path, options); }
      catch (error) {
        if (!left || !(error instanceof TypeError)) throw error; // TypeError: the net broke off
        await new Promise((done) => { setTimeout(done, 1000 * (5 - left)); });
      }
    }
  };

  const run = async (form) => {
    const file = form.elements.file.files[0];
    const box = form.querySelector("[data-progress]");
    const bar = box.querySelector("progress");
    const words = box.querySelector("[data-said]");
    const began = performance.now();
    box.hidden = false;
    try {
      const upload = await opened(form, file, form.elements.title.value, form.elements.dataset_id?.value);
      const there = new Set(upload.there);
      let bytes = 0;
      for (let number = 1; number <= upload.parts; number += 1) {
        if (!there.has(number)) {
          await sent(form, upload, file, number);
          bytes += upload.part_bytes;
        }
        const percent = Math.round((100 * number) / upload.parts);
        const rate = bytes / Math.max(1, performance.now() - began) / 1000;
        bar.value = percent;
        words.textContent = `${percent} % · ${rate.toFixed(1)} MB/s`;
      }
      await json(form, `/api/uploads/${upload.id}/complete`, {});
      location.assign(`/data/uploads/${upload.id}`);
    } catch (error) {
      words.textContent = `${said("上传中断", "It broke off")}: ${error.message}`;
      form.querySelector("button").disabled = false;
    }
  };

  document.querySelectorAll("form[data-upload]").forEach((form) => {
    form.addEventListener("submit", (event) => {
      if (!globalThis.crypto?.subtle) return; // without it the form itself sends a small file
      event.preventDefault();
      run(form);
    });
  });
})();
