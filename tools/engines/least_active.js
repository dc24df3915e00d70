#!/usr/bin/env node
// A routing engine to start from: fewest open chats, then who got one longest ago, then the smaller index; when nobody has room the
// chat waits, first come first served. One group, no recent agents, no bot. Lockstep and real time.
//
//     fenliu drive SCENARIO --engine 'exec:node least_active.js'
'use strict';

const agents = [];        // { capacity, open, last, available }
let queue = [];           // { chat, excluded }, oldest first
const holder = new Map(); // chat: agent
let now = 0;              // of the event under way, ns
let answers = [];         // lines that leave together

const say = (message) => answers.push(JSON.stringify(message) + '\n');
const hasRoom = (agent) => agent.available && agent.open < agent.capacity;

function assign(chat, agent) {
  holder.set(chat, agent);
  agents[agent].open++;
  agents[agent].last = now;
  say({ t: 'assign', chat, agent });
}

// Takes a chat from whoever has it and out of the queue. Returns who had it.
function forget(chat) {
  queue = queue.filter((entry) => entry.chat !== chat);
  const agent = holder.get(chat);
  if (holder.delete(chat)) agents[agent].open--;
  return agent;
}

// Fills the agent's room from the queue.
function serve(agent) {
  while (agent !== undefined && hasRoom(agents[agent])) {
    const at = queue.findIndex((entry) => entry.excluded !== agent);
    if (at < 0) return;
    assign(queue.splice(at, 1)[0].chat, agent);
  }
}

const isBetter = (a, b) => (a.open !== b.open ? a.open < b.open : a.last < b.last);

function route(chat, excluded, why) {
  if (!agents.some((agent) => agent.available)) return say({ t: 'leave', chat });
  let best = -1;
  agents.forEach((agent, a) => {
    if ((a === excluded && agents.length > 1) || !hasRoom(agent)) return;
    if (best < 0 || isBetter(agent, agents[best])) best = a;
  });
  if (best >= 0) return assign(chat, best);
  queue.push({ chat, excluded: why === 'reassign' || agents.length === 1 ? undefined : excluded });
  say({ t: 'queue', chat });
}

const events = {
  begin() {
    queue = [];
    holder.clear();
    agents.forEach((agent) => Object.assign(agent, { open: 0, last: -1, available: false }));
  },
  chat(event) {
    let left = forget(event.chat);
    if (left === undefined) {
      left = event.exclude;
      if (event.why === 'transfer') agents[left].open--; // a leave-message
    }
    serve(left);
    route(event.chat, event.exclude, event.why);
    serve(left);
  },
  closed(event) {
    const left = forget(event.chat);
    if (event.agent === undefined) return;
    if (left === undefined) agents[event.agent].open--; // a leave-message
    serve(event.agent);
  },
  // She has come or gone; or, if her state is as it was, has taken a leave-message. Our count is kept from what we have decided: what the
  // desk says in real time does not know of decisions that are under way.
  agent(event) {
    const agent = agents[event.agent];
    agent.available = event.state === 'available';
    if (event.before === event.state) agent.open++;
    else if (event.before === 'offline') agent.open = event.open;
    serve(event.agent);
  },
  // In real time an agent may have gone while a chat was on its way to her: it is ours still.
  error(event) {
    if (event.rule === 'agent_offline' && forget(event.chat) !== undefined) route(event.chat, undefined, 'reassign');
  },
};

function hear(event) {
  now = event.at_ns ?? now;
  if (event.t === 'hello') {
    say({ t: 'hello', proto: 1, engine: 'least_active.js 1' });
  } else if (event.t === 'member') {
    agents.push({ capacity: event.capacity ?? 1 << 24, open: 0, last: -1, available: false });
  } else if (events[event.t]) {
    events[event.t](event);
  }
  if (event.n !== undefined && event.t !== 'error') say({ t: 'ack', n: event.n });
}

let rest = ''; // of a line whose end has not come yet
process.stdin.setEncoding('utf8');
process.stdin.on('data', (text) => {
  const lines = (rest + text).split('\n');
  rest = lines.pop();
  for (const line of lines) hear(JSON.parse(line));
  process.stdout.write(answers.join(''));
  answers = [];
});
