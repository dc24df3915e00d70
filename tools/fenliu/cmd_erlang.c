/* fenliu erlang: how many people by formulas alone. The chat desk's own, and beside it what the classic ones say and what a desk
 * with so many people would be like. */
#include "command.h"

#include "core/real.h"
#include "staffing/chat_reply.h"
#include "staffing/erlang.h"
#include "staffing/rules_of_thumb.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: fenliu erlang --chats-per-hour N --reply TIME --rounds N --think TIME [options]\n"
    "The fewest people for a steady stream of buyers, in milliseconds, and beside it what Erlang's formulas say, each with what a chat desk\n"
    "of so many people would be like. For a day with its peaks, shifts and people there is fenliu staff.\n"
    "      --chats-per-hour N   buyers who write in an hour\n"
    "      --reply TIME         an agent composes one answer, on average: 25s\n"
    "      --rounds N           questions and answers of a chat, on average\n"
    "      --think TIME         until a buyer writes again, on average\n"
    "      --concurrency N      chats an agent holds at most, 1 to 256 (default 5)\n"
    "      --patience TIME      in the queue, exponential with this mean (default: endless; then nobody leaves)\n"
    "      --switch-cost SHARE  each further open chat makes composing longer by so much, 0 to 10 (default 0)\n"
    "      --target GOAL        waited<=20%, abandonment<=5%, first_response_s.p90<=60, first_response_s.mean<=30; may be repeated\n"
    "                           (default first_response_s.p90<=60)\n"
    "      --people N           no search: what so many people are like\n"
    "      --json   --lang zh|en   -h, --help\n"
    "waited: the buyer queues until an agent has room. first_response_s: until her first answer, of those who are answered.\n"
    "example: fenliu erlang --chats-per-hour 300 --reply 25s --rounds 6 --think 40s --concurrency 5 --target 'first_response_s.p90<=60'\n"
    "exit: 0 done, 1 no headcount reaches the targets, 2 bad usage\n";

#define PEOPLE_MOST 100000u
#define GOALS_MOST  16u
#define ROWS_MOST   8u

struct question {
    double per_hour, rounds, reply_s, think_s, switch_cost;
    double patience_s; /* NaN: endless */
    uint32_t slots, people; /* people 0: to be found */
    struct fl_chat_goal goals[GOALS_MOST];
    const char *goal_texts[GOALS_MOST];
    uint32_t goals_count;
};

/* ---- The command line ---------------------------------------------------------------------------- */

static bool wrong(const char *option, const char *wanted, const char *got)
{
    fprintf(stderr, "fenliu erlang: %s: wanted %s, got \"%s\"\n", option, wanted, got);
    return false;
}

/* A plain decimal number in [least, most], a share also with %. */
static bool parse_number(const char *text, double least, double most, bool may_be_percent, double *out)
{
    const size_t digits = strspn(text, "0123456789.");
    char *end;
    if (digits == 0 || digits > 40) return false;
    double number = strtod(text, &end);
    if (end != text + digits) return false;
    if (may_be_percent && strcmp(end, "%") == 0) {
        number /= 100;
        end++;
    }
    if (*end != '\0' || !(number >= least && number <= most)) return false;
    *out = number;
    return true;
}

static bool parse_seconds(const char *text, double *out)
{
    fl_time length;
    if (!fl_parse_duration(text, &length) || length <= 0 || length > 30 * FL_DAY) return false;
    *out = fl_time_to_s(length);
    return true;
}

/* "first_response_s.p90": a whole percentile, 1 to 99. */
static bool parse_percentile(const char *text, double *p)
{
    double number;
    if (text[0] != 'p' || !parse_number(text + 1, 1, 99, false, &number) || number != floor(number)) return false;
    *p = number / 100;
    return true;
}

static bool parse_goal(const char *text, struct fl_chat_goal *goal)
{
    static const char response[] = "first_response_s.";
    char name[64];
    const char *const sign = strstr(text, "<=");
    if (sign == NULL || sign == text || (size_t)(sign - text) >= sizeof name) return false;
    size_t length = (size_t)(sign - text);
    while (length > 0 && text[length - 1] == ' ') length--;
    memcpy(name, text, length);
    name[length] = '\0';
    const char *const bound = sign + 2 + strspn(sign + 2, " ");
    *goal = (struct fl_chat_goal){ .p = 0 };
    if (strcmp(name, "waited") == 0 || strcmp(name, "abandonment") == 0) {
        goal->measure = name[0] == 'w' ? FL_CHAT_WAITED : FL_CHAT_ABANDONED;
        return parse_number(bound, 1e-12, 1, true, &goal->bound);
    }
    if (strncmp(name, response, sizeof response - 1) != 0) return false;
    const char *const statistic = name + sizeof response - 1;
    goal->measure = strcmp(statistic, "mean") == 0 ? FL_CHAT_FIRST_MEAN : FL_CHAT_FIRST_REPLY;
    if (goal->measure == FL_CHAT_FIRST_REPLY && !parse_percentile(statistic, &goal->p)) return false;
    return parse_number(bound, 1e-3, 1e6, false, &goal->bound) || parse_seconds(bound, &goal->bound);
}

static bool take_goal(struct question *question, const char *value)
{
    if (question->goals_count == GOALS_MOST) return wrong("--target", "at most 16 of them", value);
    if (!parse_goal(value, &question->goals[question->goals_count]))
        return wrong("--target", "waited<=SHARE, abandonment<=SHARE, first_response_s.mean<=TIME or first_response_s.p1 to .p99<=TIME", value);
    question->goal_texts[question->goals_count++] = value;
    return true;
}

static bool take_whole(const char *option, const char *value, double most, uint32_t *out)
{
    double number;
    char wanted[64];
    snprintf(wanted, sizeof wanted, "a whole number from 1 to %.0f", most);
    if (!parse_number(value, 1, most, false, &number) || number != floor(number)) return wrong(option, wanted, value);
    *out = (uint32_t)number;
    return true;
}

static bool take_seconds(const char *option, const char *value, double *out)
{
    return parse_seconds(value, out) || wrong(option, "a duration such as 25s or 2m", value);
}

static int take_question(void *context, struct options *options, int argc, char **argv, int *i)
{
    struct question *const question = context;
    const char *value;
    bool good;
    (void)options;
    if ((value = option_value(argc, argv, i, "--chats-per-hour")) != NULL)
        good = parse_number(value, 1e-3, 1e8, false, &question->per_hour) || wrong("--chats-per-hour", "a number above 0", value);
    else if ((value = option_value(argc, argv, i, "--rounds")) != NULL)
        good = parse_number(value, 1, 1000, false, &question->rounds) || wrong("--rounds", "a number from 1 to 1000", value);
    else if ((value = option_value(argc, argv, i, "--switch-cost")) != NULL)
        good = parse_number(value, 0, 10, true, &question->switch_cost) || wrong("--switch-cost", "a share from 0 to 10", value);
    else if ((value = option_value(argc, argv, i, "--reply")) != NULL) good = take_seconds("--reply", value, &question->reply_s);
    else if ((value = option_value(argc, argv, i, "--think")) != NULL) good = take_seconds("--think", value, &question->think_s);
    else if ((value = option_value(argc, argv, i, "--patience")) != NULL) good = take_seconds("--patience", value, &question->patience_s);
    else if ((value = option_value(argc, argv, i, "--concurrency")) != NULL)
        good = take_whole("--concurrency", value, FL_CHAT_REPLY_SLOTS_MAX, &question->slots);
    else if ((value = option_value(argc, argv, i, "--people")) != NULL) good = take_whole("--people", value, PEOPLE_MOST, &question->people);
    else if ((value = option_value(argc, argv, i, "--target")) != NULL) good = take_goal(question, value);
    else return 0;
    return good ? 1 : -1;
}

/* Says what is missing. */
static bool question_is_whole(const struct question *question)
{
    static const char *const names[] = { "--chats-per-hour", "--reply", "--rounds", "--think" };
    const double values[] = { question->per_hour, question->reply_s, question->rounds, question->think_s };
    bool whole = true;
    for (int i = 0; i < 4; i++) {
        if (!isnan(values[i])) continue;
        fprintf(stderr, "fenliu erlang: %s is needed\n", names[i]);
        whole = false;
    }
    return whole;
}

/* ---- The classic formulas ------------------------------------------------------------------------ */

/* A chat as a telephone call: one customer at a time, for as long as the chat takes, or some part of it. */
struct telephone {
    double rate, service_rate, leave_rate; /* leave_rate 0: Erlang C */
};

static bool phone_holds(const struct telephone *phone, const struct fl_chat_goal *goal, uint32_t servers)
{
    const double limit = goal->bound;
    struct fl_erlang_c c;
    struct fl_erlang_a a;
    struct fl_erlang_service within;
    if (phone->leave_rate == 0) {
        if (fl_erlang_c(phone->rate, phone->service_rate, servers, &c) != FL_OK) return false;
        switch (goal->measure) {
        case FL_CHAT_WAITED: return c.p_wait <= limit;
        case FL_CHAT_ABANDONED: return true; /* nobody leaves */
        case FL_CHAT_FIRST_MEAN: return c.wait_mean <= limit;
        case FL_CHAT_FIRST_REPLY: return fl_erlang_c_within(&c, limit) >= goal->p;
        }
        return false;
    }
    if (fl_erlang_a(phone->rate, phone->service_rate, phone->leave_rate, servers, &a) != FL_OK) return false;
    switch (goal->measure) {
    case FL_CHAT_WAITED: return a.p_wait <= limit;
    case FL_CHAT_ABANDONED: return a.p_abandon <= limit;
    case FL_CHAT_FIRST_MEAN: return a.wait_served <= limit;
    case FL_CHAT_FIRST_REPLY:
        return fl_erlang_a_service(phone->rate, phone->service_rate, phone->leave_rate, servers, limit, &within) == FL_OK &&
               within.level[FL_LEVEL_OF_ANSWERED] >= goal->p;
    }
    return false;
}

static bool phone_holds_all(const struct telephone *phone, const struct question *question, uint32_t servers)
{
    for (uint32_t g = 0; g < question->goals_count; g++)
        if (!phone_holds(phone, &question->goals[g], servers)) return false;
    return true;
}

/* 0: not within PEOPLE_MOST. */
static uint32_t phone_people(const struct telephone *phone, const struct question *question)
{
    uint32_t misses = 0, holds = 1;
    while (holds <= PEOPLE_MOST && !phone_holds_all(phone, question, holds)) {
        misses = holds;
        holds *= 2;
    }
    if (holds > PEOPLE_MOST) return 0;
    while (holds - misses > 1) {
        const uint32_t middle = misses + (holds - misses) / 2;
        if (phone_holds_all(phone, question, middle)) holds = middle;
        else misses = middle;
    }
    return holds;
}

/* ---- The answer ---------------------------------------------------------------------------------- */

enum row_kind { ROW_DESK, ROW_FEWER, ROW_MORE, ROW_GIVEN, ROW_ERLANG_C, ROW_ERLANG_A, ROW_DIVIDED, ROW_FACTOR, ROW_SQUARE_ROOT, ROW_KINDS };

struct row {
    enum row_kind kind;
    uint32_t people; /* 0: none */
    bool settles, holds;
    struct fl_chat_reply desk; /* when it settles */
};

struct answer {
    struct row rows[ROWS_MOST + 2];
    uint32_t rows_count;
    double chat_s;
    bool found;
};

static const struct {
    const char *id, *words[2];
} row_names[ROW_KINDS] = {
    [ROW_DESK] = { "chat_desk", { "chat desk", "会话模型" } },
    [ROW_FEWER] = { "one_fewer", { "  one fewer", "  少一人" } },
    [ROW_MORE] = { "one_more", { "  one more", "  多一人" } },
    [ROW_GIVEN] = { "given", { "as given", "给定人数" } },
    [ROW_ERLANG_C] = { "erlang_c", { "Erlang C, one chat at a time", "Erlang C(一次一个会话)" } },
    [ROW_ERLANG_A] = { "erlang_a", { "Erlang A, one chat at a time", "Erlang A(一次一个会话)" } },
    [ROW_DIVIDED] = { "erlang_c_divided", { "Erlang C, divided by concurrency", "Erlang C 除以同时接待数" } },
    [ROW_FACTOR] = { "erlang_c_factor", { "Erlang C, divided by 1 to 3.5", "Erlang C 除以 1–3.5" } },
    [ROW_SQUARE_ROOT] = { "square_root", { "square root of the divided load", "平方根法(除以同时接待数)" } },
};

static void row_add(struct answer *answer, const struct question *question, const struct fl_chat_load *load, enum row_kind kind, uint32_t people)
{
    struct row *const row = &answer->rows[answer->rows_count++];
    *row = (struct row){ .kind = kind, .people = people };
    row->settles = people > 0 && fl_chat_reply(load, people, &row->desk) == FL_OK;
    row->holds = row->settles && fl_chat_goals_hold(&row->desk, question->goals, question->goals_count);
}

static void add_desk(struct answer *answer, const struct question *question, const struct fl_chat_load *load)
{
    uint32_t people = question->people;
    if (people > 0) {
        answer->found = true;
        row_add(answer, question, load, ROW_GIVEN, people);
        return;
    }
    answer->found = fl_chat_people(load, question->goals, question->goals_count, PEOPLE_MOST, &people) == FL_OK;
    if (!answer->found) return;
    if (people > 1) row_add(answer, question, load, ROW_FEWER, people - 1);
    row_add(answer, question, load, ROW_DESK, people);
    row_add(answer, question, load, ROW_MORE, people + 1);
}

static void add_classics(struct answer *answer, const struct question *question, const struct fl_chat_load *load)
{
    const double at_once = question->slots, factor = fl_concurrency_factor(at_once), rate = load->arrivals;
    const double leave_rate = isnan(question->patience_s) ? 0 : 1 / question->patience_s;
    const struct telephone whole = { rate, 1 / answer->chat_s, 0 }, divided = { rate, at_once / answer->chat_s, 0 },
                           tabled = { rate, factor / answer->chat_s, 0 }, impatient = { rate, 1 / answer->chat_s, leave_rate };
    row_add(answer, question, load, ROW_ERLANG_C, phone_people(&whole, question));
    if (leave_rate > 0) row_add(answer, question, load, ROW_ERLANG_A, phone_people(&impatient, question));
    if (question->slots == 1) return; /* the others are the same */
    row_add(answer, question, load, ROW_DIVIDED, phone_people(&divided, question));
    row_add(answer, question, load, ROW_FACTOR, phone_people(&tabled, question));
    row_add(answer, question, load, ROW_SQUARE_ROOT, fl_square_root_servers(rate * answer->chat_s / at_once, 1));
}

/* ---- In words ------------------------------------------------------------------------------------ */

/* The percentile that the table shows: the first that is asked for, or nine in ten. */
static double shown_p(const struct question *question)
{
    for (uint32_t g = 0; g < question->goals_count; g++)
        if (question->goals[g].measure == FL_CHAT_FIRST_REPLY) return question->goals[g].p;
    return 0.9;
}

static void add_cell(struct fl_text *out, uint32_t columns, const char *format, double value)
{
    char cell[64];
    snprintf(cell, sizeof cell, format, value);
    text_add_padded(out, cell, columns, true);
}

static void add_row(const struct row *row, const struct question *question, bool zh, struct fl_text *out)
{
    char people[16] = "—";
    if (row->people > 0) snprintf(people, sizeof people, "%u", row->people);
    fl_text_add(out, row->kind == ROW_DESK ? "> " : "  ");
    text_add_padded(out, row_names[row->kind].words[zh], 33, false);
    text_add_padded(out, people, 7, true);
    if (!row->settles) {
        fl_text_add(out, row->people == 0 ? "" : zh ? "   排队越来越长" : "   the queue grows without end");
    } else {
        add_cell(out, 9, "%.1f %%", 100 * row->desk.p_wait);
        add_cell(out, 9, "%.1f %%", 100 * row->desk.p_abandon);
        add_cell(out, 9, "%.0f s", row->desk.first_mean);
        add_cell(out, 9, "%.0f s", fl_chat_reply_quantile(&row->desk, shown_p(question)));
        add_cell(out, 8, "%.0f %%", 100 * row->desk.busy);
    }
    fl_text_add(out, row->people > 0 && question->goals_count > 0 ? row->holds ? zh ? "  达标\n" : "  holds\n" : zh ? "  不达标\n" : "  misses\n" : "\n");
}

static void add_head(const struct question *question, const struct answer *answer, bool zh, struct fl_text *out)
{
    const double work_s = question->rounds * question->reply_s;
    fl_text_add(out, zh ? "每小时 %g 个询单,%g 轮,每条回复 %g 秒,买家想 %g 秒:一个会话 %g 秒,其中打字 %g 秒\n"
                        : "%g chats an hour, %g rounds, %g s a reply, buyers think %g s: a chat takes %g s, of which %g s are work\n",
                question->per_hour, question->rounds, question->reply_s, question->think_s, answer->chat_s, work_s);
    fl_text_add(out, zh ? "每人最多 %u 个会话" : "at most %u chats each", question->slots);
    if (isnan(question->patience_s)) fl_text_add(out, zh ? ",买家一直等" : ", buyers wait as long as it takes");
    else fl_text_add(out, zh ? ",排队耐心平均 %g 秒" : ", patient for %g s on average", question->patience_s);
    for (uint32_t g = 0; g < question->goals_count; g++) fl_text_add(out, "%s%s", g > 0 ? ", " : zh ? ";目标 " : "; wanted: ", question->goal_texts[g]);
    fl_text_add(out, "\n\n");
}

/* One buyer, one agent: a reply of exponential length. */
static void add_floor(const struct question *question, bool zh, struct fl_text *out)
{
    const double p = shown_p(question);
    fl_text_add(out, zh ? "多少人都达不到:一个人只接一位买家,打完一条回复也要平均 %g 秒,%.0f %% 在 %.0f 秒内。\n\n"
                        : "No headcount reaches it: even alone with an agent, a buyer waits for one reply, %g s on average, %.0f %% within %.0f s.\n\n",
                question->reply_s, 100 * p, -question->reply_s * fl_log(1 - p));
}

static void add_table(const struct question *question, const struct answer *answer, bool zh, struct fl_text *out)
{
    char share[32];
    snprintf(share, sizeof share, "%.0f %%", 100 * shown_p(question));
    text_add_padded(out, "", 35, false);
    text_add_padded(out, zh ? "人数" : "people", 7, true);
    text_add_padded(out, zh ? "排队" : "queue", 9, true);
    text_add_padded(out, zh ? "走掉" : "leave", 9, true);
    text_add_padded(out, zh ? "首响" : "answer", 9, true);
    text_add_padded(out, share, 9, true);
    text_add_padded(out, zh ? "忙" : "busy", 8, true);
    fl_text_add(out, "\n");
    for (uint32_t i = 0; i < answer->rows_count; i++) {
        if (i > 0 && answer->rows[i].kind == ROW_ERLANG_C) fl_text_add(out, "\n");
        add_row(&answer->rows[i], question, zh, out);
    }
    fl_text_add(out, zh ? "\n每行人数由该公式得出,右边是这么多人的会话模型结果(首响:从买家开口到第一条人工回复,平均与分位)。\n"
                          "Erlang 把会话当电话:占住一个人,到挂断为止。买家想的时候客服在答别人,所以整段算太多,除以同时数又太少。\n"
                          "公式只算平稳的一小时;有高峰、班次和新手的一天请用 fenliu staff。\n"
                        : "\nEach line's people are by its formula, the figures are what a chat desk of so many is like (answer: from the\n"
                          "buyer's first message to the first reply, mean and percentile). Erlang takes a chat for a telephone call that keeps a person\n"
                          "to its end. While a buyer thinks the agent answers others: the whole length is too much, dividing it by the chats\n"
                          "at once too little. This is one steady hour; for a day of peaks, shifts and new people: fenliu staff.\n");
}

static void add_json(const struct question *question, const struct answer *answer, struct fl_text *out)
{
    fl_text_add(out, "{\"chats_per_hour\":%.10g,\"rounds\":%.10g,\"reply_s\":%.10g,\"think_s\":%.10g,\"concurrency\":%u,\"patience_s\":", question->per_hour,
                question->rounds, question->reply_s, question->think_s, question->slots);
    fl_text_add_number(out, question->patience_s);
    fl_text_add(out, ",\"switch_cost\":%.10g,\"chat_s\":%.10g,\"found\":%s,\"targets\":[", question->switch_cost, answer->chat_s, answer->found ? "true" : "false");
    for (uint32_t g = 0; g < question->goals_count; g++) {
        fl_text_add(out, g > 0 ? "," : "");
        fl_text_add_json(out, question->goal_texts[g]);
    }
    fl_text_add(out, "],\n\"rows\":[");
    for (uint32_t i = 0; i < answer->rows_count; i++) {
        const struct row *const row = &answer->rows[i];
        fl_text_add(out, "%s\n{\"formula\":\"%s\",\"people\":%u,\"settles\":%s,\"holds\":%s", i > 0 ? "," : "", row_names[row->kind].id, row->people,
                    row->settles ? "true" : "false", row->holds ? "true" : "false");
        if (row->settles) {
            fl_text_add(out, ",\"waited\":%.10g,\"abandonment\":%.10g,\"occupancy\":%.10g,\"first_response_s\":{\"mean\":%.10g", row->desk.p_wait,
                        row->desk.p_abandon, row->desk.busy, row->desk.first_mean);
            static const double shares[] = { 0.5, 0.9, 0.95, 0.99 };
            for (int s = 0; s < 4; s++) fl_text_add(out, ",\"p%.0f\":%.10g", 100 * shares[s], fl_chat_reply_quantile(&row->desk, shares[s]));
            fl_text_add(out, "}");
        }
        fl_text_add(out, "}");
    }
    fl_text_add(out, "]}\n");
}

int cmd_erlang(int argc, char **argv)
{
    struct options options;
    struct question question = { .per_hour = NAN, .rounds = NAN, .reply_s = NAN, .think_s = NAN, .patience_s = NAN, .slots = 5 };
    if (!options_read(&options, argc, argv, take_question, &question)) return EXIT_USAGE;
    if (options.help) {
        fputs(usage, stdout);
        return EXIT_DONE;
    }
    if (options.files_count > 0) {
        fprintf(stderr, "fenliu erlang: no file is read, got \"%s\"; see fenliu erlang --help\n", options.files[0]);
        return EXIT_USAGE;
    }
    if (!question_is_whole(&question)) return EXIT_USAGE;
    if (question.goals_count == 0 && question.people == 0) (void)take_goal(&question, "first_response_s.p90<=60");

    struct fl_distribution patience = { .kind = FL_EXPONENTIAL, .a = question.patience_s };
    const bool leave = !isnan(question.patience_s);
    if (leave && fl_distribution_prepare(&patience) != FL_OK) return EXIT_INTERNAL;
    const struct fl_chat_load load = {
        .work = { .reply_rate = 1 / question.reply_s, .think_rate = 1 / question.think_s, .p_end = 1 / question.rounds, .switch_cost = question.switch_cost },
        .slots = question.slots, .arrivals = question.per_hour / 3600, .patience = leave ? &patience : NULL,
    };
    struct answer *const answer = calloc(1, sizeof *answer);
    if (answer == NULL) return run_failed(FL_EFULL, "fenliu erlang");
    answer->chat_s = question.rounds * question.reply_s + (question.rounds - 1) * question.think_s;
    add_desk(answer, &question, &load);
    if (question.goals_count > 0) add_classics(answer, &question, &load);

    struct fl_text text = { 0 };
    const bool zh = options.language == LANGUAGE_ZH;
    if (options.json) {
        add_json(&question, answer, &text);
    } else {
        add_head(&question, answer, zh, &text);
        if (!answer->found) add_floor(&question, zh, &text);
        add_table(&question, answer, zh, &text);
    }
    int code = text_print(&text);
    if (code == EXIT_DONE && !answer->found) code = EXIT_MISSED;
    fl_text_free(&text);
    free(answer);
    return code;
}
