"use strict";
// Nothing needs this: it adds two buttons, and opens what is closed before the page is printed.
(function () {
  var all = function () { return Array.prototype.slice.call(document.querySelectorAll("details")); };
  var tools = document.querySelector(".tools");
  if (tools) {
    tools.hidden = false;
    tools.addEventListener("click", function (event) {
      if (event.target.tagName !== "BUTTON") return;
      document.querySelectorAll(".tree details").forEach(function (one) { one.open = Boolean(event.target.dataset.open); });
    });
  }
  var closed = [];
  window.addEventListener("beforeprint", function () {
    closed = all().filter(function (one) { return !one.open; });
    closed.forEach(function (one) { one.open = true; });
  });
  window.addEventListener("afterprint", function () { closed.forEach(function (one) { one.open = false; }); });
})();
