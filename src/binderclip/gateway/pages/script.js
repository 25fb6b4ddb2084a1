// @ts-check
// What the pages do by themselves. Without it each of them works by links, forms and refreshing.
"use strict";

const MAX_LINES = 2000;
const RETRY_MS = 3000;

/** Forms are sent once, however often somebody clicks. */
function sendOnce() {
  for (const form of document.querySelectorAll("form[data-once]")) {
    form.addEventListener("submit", (event) => {
      if (form.hasAttribute("aria-busy")) event.preventDefault();
      form.setAttribute("aria-busy", "true");
    });
  }
  // A page that somebody goes back to may be as it was left.
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[aria-busy]")) {
      form.removeAttribute("aria-busy");
    }
  });
}

/**
 * Run `act` once for this visit of the page: not again when somebody goes back to it.
 * @param {() => void} act
 */
function onceOnly(act) {
  if (history.state?.done) return;
  history.replaceState({ done: true }, "");
  act();
}

/** Where nobody is to be asked, the address leads straight on. */
function sendByItself() {
  const form = document.querySelector("form[data-auto]");
  if (!(form instanceof HTMLFormElement)) return;
  if (document.visibilityState === "visible") onceOnly(() => form.requestSubmit());
  else document.addEventListener("visibilitychange", sendByItself, { once: true });
}

/** A launch that came up just before its page did. */
function goOn() {
  const link = document.querySelector("a[data-onward]");
  if (link instanceof HTMLAnchorElement) onceOnly(() => location.replace(link.href));
}

function followLaunch() {
  const main = document.querySelector("main[data-events]");
  if (!(main instanceof HTMLElement)) return;
  const { events, go } = main.dataset;
  if (!events || !go) return;
  const source = new EventSource(events);
  source.addEventListener("phase", (event) => enter(JSON.parse(event.data)));
  source.addEventListener("log", (event) => append(JSON.parse(event.data).log));
  source.addEventListener("over", (event) => {
    source.close();
    // Errors are told by the page itself.
    if (JSON.parse(event.data).state === "ready") location.replace(go);
    else location.reload();
  });
  source.addEventListener("error", () => {
    // Else the browser connects again by itself.
    if (source.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), RETRY_MS);
  });
  window.addEventListener("pagehide", () => source.close());
}

/**
 * @param {{ phase: string, message: string }} step
 */
function enter(step) {
  const now = document.getElementById("now");
  if (now && now.textContent !== step.message) now.textContent = step.message;
  const list = [...document.querySelectorAll("[data-phase]")];
  const at = list.findIndex((one) => one.getAttribute("data-phase") === step.phase);
  // One that is rare stands on no page before it comes.
  if (at < 0) return;
  list.forEach((one, number) => {
    one.className = number < at ? "done" : number === at ? "now" : "";
    if (number === at) one.setAttribute("aria-current", "step");
    else one.removeAttribute("aria-current");
  });
}

/**
 * @param {string} line
 */
function append(line) {
  const log = document.getElementById("log");
  if (!log) return;
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  log.append(log.hasChildNodes() ? `\n${line}` : line);
  while (log.childNodes.length > MAX_LINES) log.firstChild?.remove();
  if (atEnd) log.scrollTop = log.scrollHeight;
  const holder = log.closest("details");
  if (holder) holder.hidden = false;
}

function offerCopies() {
  if (!navigator.clipboard) return;
  for (const button of document.querySelectorAll("button[data-copy]")) {
    const field = button.previousElementSibling;
    if (!(button instanceof HTMLButtonElement)) continue;
    if (!(field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement)) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(field.value);
      button.textContent = "Copied";
      setTimeout(() => (button.textContent = "Copy"), RETRY_MS);
    });
  }
}

sendOnce();
sendByItself();
goOn();
followLaunch();
offerCopies();
