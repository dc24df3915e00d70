/* A night as the program's log tells it: every message and change of state, in order, and the desk as it stands at any moment of it.
 * Nothing here is simulated again; what can be counted is counted, by the rules of sim/measure, so that at the end of the night the
 * counters are those of `fenliu simulate` (tests/page/night.mjs holds them to that). Pure: no document, no clock. */

export type Kind = "chat_opened" | "buyer_message" | "agent_reply" | "agent_extra" | "bot_reply" | "greeting" | "assigned" | "queued" | "transferred"
  | "abandoned" | "abandoned_silent" | "rejected" | "leave_message" | "reopened" | "closed";

export interface Event {
  at_s: number; chat: number; buyer: string; agent: string | null; kind: Kind; intent: string; class: string; round: number; text: string;
}

export interface Night {
  events: Event[];
  of_chat: Map<number, number[]>; /* indexes of a chat's events, in order */
  number_of: Map<number, number>; /* of each chat, from 1, in the order they came */
  agents: string[];               /* everybody who appears, in the log's own spelling, by name */
}

/* A round answered later than this, or not at all, is a miss: the platform's three minutes. */
export const LIMIT_S = 180;

export function night_read(jsonl: string): Night {
  const events: Event[] = [];
  const of_chat = new Map<number, number[]>();
  const number_of = new Map<number, number>();
  const agents = new Set<string>();
  for (let from = 0; from < jsonl.length;) {
    let to = jsonl.indexOf("\n", from);
    if (to < 0) to = jsonl.length;
    if (to > from) {
      const event = JSON.parse(jsonl.slice(from, to)) as Event;
      const own = of_chat.get(event.chat);
      if (own) own.push(events.length);
      else {
        of_chat.set(event.chat, [events.length]);
        number_of.set(event.chat, of_chat.size);
      }
      if (event.agent !== null) agents.add(event.agent);
      events.push(event);
    }
    from = to + 1;
  }
  return { events, of_chat, number_of, agents: [...agents].sort(by_name) };
}

/* "客服#2" before "客服#10". */
export function by_name(a: string, b: string): number {
  return a.localeCompare(b, "zh-CN", { numeric: true });
}

export interface Chat {
  id: number;
  agent: string | null;
  open: boolean;             /* with an agent, the bot or the queue: not closed, not left */
  queued: boolean;
  waiting_since: number | null; /* when the round that is unanswered began */
  unanswered: number;        /* her messages since */
  botted: boolean;           /* the bot has answered this round: it is no person's, unless she is handed over */
  left_message: boolean;
  outcome: "answered" | "left" | "rejected" | null; /* the first that was settled, and the one that is counted */
  left: "said" | "silent" | null; /* she has gone, and not come back; of a silent one the desk knows nothing */
}

export interface Counts {
  offered: number;
  left: number; left_silent: number; /* before a first reply */
  left_later: number;                /* after one */
  leave_messages: number;
  judged: number; in_time: number;   /* rounds settled, or older than the limit; answered within it */
  replies: number;
}

/* The desk at a moment. `to` moves it forward, event by event; backward it begins again: a night is short. */
export class Moment {
  readonly chats = new Map<number, Chat>();
  readonly held = new Map<string, Set<number>>(); /* open chats of each agent */
  readonly queue = new Set<number>();
  readonly leavers: { chat: number; at_s: number; silent: boolean; later: boolean }[] = [];
  at_s = 0;
  private next = 0;
  private waiting = new Map<number, number>(); /* open rounds that are not overdue yet, by chat: since when; oldest first */
  private overdue = new Set<number>();
  private counts: Counts = { offered: 0, left: 0, left_silent: 0, left_later: 0, leave_messages: 0, judged: 0, in_time: 0, replies: 0 };

  /* `counted` says whether a round that opens then counts: in opening hours, after the warm-up. */
  constructor(readonly night: Night, private readonly counted: (at_s: number) => boolean = () => true) {
    for (const agent of night.agents) this.held.set(agent, new Set());
  }

  /* Returns the chats that have changed, or null when the desk began again and everything may have. */
  to(at_s: number): Set<number> | null {
    const again = at_s < this.at_s;
    if (again) this.clear();
    const changed = new Set<number>();
    const { events } = this.night;
    while (this.next < events.length && events[this.next].at_s <= at_s) {
      const event = events[this.next++];
      this.apply(event);
      changed.add(event.chat);
    }
    this.at_s = at_s;
    this.count_overdue(at_s);
    return again ? null : changed;
  }

  figures(): Counts {
    return this.counts;
  }

  /* The share of rounds answered in time so far; null before the first. */
  rate(): number | null {
    return this.counts.judged ? this.counts.in_time / this.counts.judged : null;
  }

  private clear(): void {
    this.chats.clear();
    this.queue.clear();
    this.waiting.clear();
    this.overdue.clear();
    this.leavers.length = 0;
    for (const held of this.held.values()) held.clear();
    this.next = 0;
    this.counts = { offered: 0, left: 0, left_silent: 0, left_later: 0, leave_messages: 0, judged: 0, in_time: 0, replies: 0 };
  }

  /* A round that is still open is a miss as soon as it is older than the limit, not only when somebody gives it up. */
  private count_overdue(now: number): void {
    for (const [chat, since] of this.waiting) {
      if (now - since <= LIMIT_S) break;
      this.waiting.delete(chat);
      if (this.chats.get(chat)!.botted) continue;
      this.overdue.add(chat);
      if (this.counted(since)) this.counts.judged++;
    }
  }

  private settle(chat: Chat, at_s: number, replied: boolean): void {
    if (chat.waiting_since === null) return;
    if (!this.overdue.delete(chat.id) && this.counted(chat.waiting_since)) {
      this.counts.judged++;
      if (replied && at_s - chat.waiting_since <= LIMIT_S) this.counts.in_time++;
    }
    this.forget(chat);
  }

  /* The round is over, and nobody's. */
  private forget(chat: Chat): void {
    this.waiting.delete(chat.id);
    this.overdue.delete(chat.id);
    chat.waiting_since = null;
    chat.unanswered = 0;
    chat.botted = false;
  }

  private release(chat: Chat): void {
    if (chat.agent !== null) this.held.get(chat.agent)?.delete(chat.id);
    chat.agent = null;
    this.queue.delete(chat.id);
    chat.queued = false;
  }

  private apply(event: Event): void {
    const { counts } = this;
    let chat = this.chats.get(event.chat);
    if (!chat) {
      chat = { id: event.chat, agent: null, open: true, queued: false, waiting_since: null, unanswered: 0, botted: false, left_message: false,
        outcome: null, left: null };
      this.chats.set(event.chat, chat);
    }
    this.count_overdue(event.at_s);
    switch (event.kind) {
      case "chat_opened":
        counts.offered++;
        break;
      case "buyer_message":
        chat.open = true;
        chat.left = null;
        if (chat.botted) this.forget(chat);
        chat.unanswered++;
        if (chat.waiting_since === null) {
          chat.waiting_since = event.at_s;
          this.waiting.set(chat.id, event.at_s);
        }
        break;
      case "agent_reply":
        counts.replies++;
        chat.outcome ??= "answered";
        this.settle(chat, event.at_s, true);
        break;
      case "bot_reply":
        chat.botted = true;
        break;
      case "assigned":
        this.release(chat);
        chat.open = true;
        chat.agent = event.agent;
        if (event.agent !== null) this.held.get(event.agent)!.add(chat.id);
        break;
      case "transferred":
        this.release(chat);
        chat.agent = event.agent;
        if (event.agent !== null) this.held.get(event.agent)!.add(chat.id);
        break;
      case "queued":
        this.release(chat);
        chat.queued = true;
        this.queue.add(chat.id);
        break;
      case "abandoned":
      case "abandoned_silent": {
        const silent = event.kind === "abandoned_silent";
        chat.left = silent ? "silent" : "said";
        const later = chat.outcome !== null;
        if (chat.outcome === null) {
          chat.outcome = "left";
          counts.left++;
          if (silent) counts.left_silent++;
        } else if (chat.outcome === "answered") counts.left_later++;
        this.leavers.push({ chat: chat.id, at_s: event.at_s, silent, later });
        this.settle(chat, event.at_s, false);
        if (chat.queued) this.release(chat);
        break;
      }
      case "leave_message":
        if (!chat.left_message) counts.leave_messages++;
        chat.left_message = true;
        this.release(chat);
        break;
      case "rejected":
        chat.outcome ??= "rejected";
        this.settle(chat, event.at_s, false);
        chat.open = false;
        this.release(chat);
        break;
      case "closed":
        if (chat.botted) this.forget(chat);
        this.settle(chat, event.at_s, false);
        chat.open = false;
        this.release(chat);
        break;
      case "reopened": case "agent_extra": case "greeting":
        break;
    }
  }
}
