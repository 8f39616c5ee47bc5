// @ts-check
/** The viewer's page: boxes and bars of somebody who shared a link; it never gets their picture. */

import { fillPage, texts } from "./texts/index.js";
import { watch } from "./transport.js";
import * as ui from "./ui.js";
import { View } from "./view.js";

const { dom } = ui;
const view = new View({ silence: () => ui.showSilence("waiting") });
/** @type {string | null} whose faces are on the stage; their numbers start again with another */
let stream = null;
let ended = false;

function draw() {
  const now = performance.now();
  view.draw(now);
  if (!ended) requestAnimationFrame(draw);
}

fillPage();
ui.showState("connecting");
watch(location.hash.slice(1), {
  hello: (hello) => view.setLabels(hello.labels),
  connection: (connected) => ui.showState(connected ? "waiting" : "offline"),
  result: (result) => {
    if (result.stream !== stream) view.beginStream();
    stream = result.stream;
    ui.setShape(result);
    view.take(result, performance.now());
    ui.showState("running");
  },
  ended: () => {
    ended = true;
    view.clear();
    ui.showState("ended");
    ui.showNotice(texts.linkEnded);
  },
});
draw();
setInterval(() => view.timeline.draw(view.selected, performance.now()), 500);
setInterval(() => view.speak(), 500);
dom.overlay.addEventListener("click", (event) => view.selectAt(event));
