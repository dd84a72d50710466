// What the server wrote into the page.

import { byId } from "./dom.js";

/** The page's configuration; empty when there is none. */
export function readConfig(id = "console-config") {
  return JSON.parse(byId(id)?.textContent || "{}");
}

/** The subject tree, each subject with what it can be found by: [{name, subjects: [{key, name, group, letters, words}]}]. */
export function subjectGroups(tree = []) {
  return tree.map((group) => ({
    name: group.name,
    subjects: group.subjects.map(({ key, name, initials = "", keywords = [] }) => ({
      key, name, group: group.name, letters: initials, words: [group.name, name, ...keywords].join(" "),
    })),
  }));
}
