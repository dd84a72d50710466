// The supervisor's floor: everybody's state, the line, and what waits to be cleared.

import { Api } from "./api.js";
import { Banners } from "./banners.js";
import { readConfig } from "./config.js";
import { byId, write } from "./dom.js";
import { FloorAgents } from "./floor-agents.js";
import { FloorLine } from "./floor-line.js";
import { FloorTasks } from "./floor-tasks.js";
import { Link } from "./link.js";
import { LinkFace } from "./link-face.js";
import * as pulse from "./pulse.js";
import { setServerNow } from "./times.js";

const PLACE = "console-floor-centre";

const config = readConfig("floor-config");
const api = new Api(byId("floor").dataset.csrf, location.pathname);
const banners = new Banners();
const agents = new FloorAgents();
const line = new FloorLine();
const tasks = new FloorTasks(api, banners, () => link.refresh());
let floor = null;

const link = new Link({
  url: config.stream_url, event: "floor", look: lookAtFloor, pulse,
  hear: { data: take, link: () => {} },
});
const linkFace = new LinkFace(link, banners, byId("floor"));

async function lookAtFloor() {
  try {
    const found = await api.look("/console/floor/data");
    banners.set("refused", "");
    return found;
  } catch (error) {
    if (error.status) banners.set("refused", error.message, "bad");
    throw error;
  }
}

function take(data) {
  if (floor && Date.parse(data.now) < Date.parse(floor.now)) return;
  floor = data;
  setServerNow(data.now);
  show();
}

function show() {
  const centre = byId("centre")?.value ?? "";
  const inCentre = (row) => !centre || row.centre === centre;
  const shown = floor.centres.filter(({ code }) => !centre || code === centre);
  byId("floor").classList.add("loaded");
  byId("floor").classList.toggle("one-centre", shown.length === 1);
  agents.show(floor.agents.filter(inCentre));
  line.show(floor.line.filter(inCentre), shown);
  const toClear = shown.reduce((sum, { callbacks_to_clear: count = 0 }) => sum + count, 0);
  tasks.show(floor.cases.filter(inCentre), floor.marks ?? [], (floor.callbacks ?? []).filter(inCentre), toClear);
  write(byId("tasks-count"), String(tasks.count));
}

const choice = byId("centre");
if (choice) {
  choice.value = sessionStorage.getItem(PLACE) ?? "";
  if (choice.selectedIndex < 0) choice.value = "";
  choice.addEventListener("change", () => {
    sessionStorage.setItem(PLACE, choice.value);
    if (floor) show();
  });
}
pulse.every(500, () => {
  linkFace.tick();
  agents.tick();
  line.tick();
});
link.start();

/** For tests and measurement only. */
window.__floor = {
  get link() { return link.state; },
  get last() { return floor; },
};
