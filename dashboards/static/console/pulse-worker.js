// Asks the page again and again; a page that has not answered is not asked a second time.

const timers = new Map();
const unanswered = new Set();

onmessage = ({ data: { id, ms, isHeard } }) => {
  if (isHeard) {
    unanswered.delete(id);
  } else if (ms) {
    timers.set(id, setInterval(() => ask(id), ms));
  } else {
    clearInterval(timers.get(id));
    timers.delete(id);
    unanswered.delete(id);
  }
};

function ask(id) {
  if (unanswered.has(id)) return;
  unanswered.add(id);
  postMessage(id);
}
