/* What an ended chat is worth: orders, satisfaction, the service score. Every curve is scenario data; what is not given
 * is neutral. Sources of the shipped values: scenarios/README.md. */
#include "desk/state.h"

#include "core/real.h"

#include <math.h>

static double clamp01(double p)
{
    return p < 0 ? 0 : p > 1 ? 1 : p;
}

static double base_conversion(const struct fl_desk *desk, const struct chat *chat)
{
    const double own = desk->scenario->buyers.intents[chat->intent].conversion;
    const double base = isnan(own) ? desk->scenario->money.conversion : own;
    return clamp01(base * desk->scenario->buyers.classes[chat->buyer_class].conversion_scale);
}

/* How the service she had changes the base: x (1 - loss)^minutes of first and of mean response, x (1 - loss)^transfers, and a
 * gain for every agent message beyond one a question. 1 at once and without transfer. */
static double service_factor(const struct fl_desk *desk, const struct chat *chat)
{
    const struct fl_money *money = &desk->scenario->money;
    const double first_min = fl_time_to_s(chat->first_response) / 60;
    const double mean_min = chat->replies > 0 ? fl_time_to_s(chat->responses_sum) / chat->replies / 60 : 0;
    double factor = fl_pow(1 - money->first_response_loss_per_min, first_min) * fl_pow(1 - money->response_loss_per_min, mean_min) *
                    fl_pow(1 - money->transfer_loss, chat->hops);
    const double ratio = chat->messages > 0 ? (double)chat->answers / chat->messages : 0;
    if (ratio > 1) factor *= 1 + money->answer_ratio_gain * (ratio - 1);
    return factor;
}

static double order_value(const struct fl_desk *desk, const struct chat *chat)
{
    const struct fl_intent *intent = &desk->scenario->buyers.intents[chat->intent];
    const double value = intent->has_order_value ? fl_distribution_value(&intent->order_value, fl_draw(chat->key, FL_DRAW_ORDER_VALUE, 0))
                                                 : desk->scenario->money.order_value_cny;
    return isnan(value) ? 0 : value * desk->scenario->buyers.classes[chat->buyer_class].value_scale;
}

static void count_sale(struct fl_desk *desk, const struct chat *chat, const struct fl_where *where)
{
    const double base = base_conversion(desk, chat);
    if (!(base > 0)) return;
    const bool served = chat->replies > 0; /* also when she had given up once and came back */
    const bool by_bot = (chat->flags & FLAG_BOT_CAN) && chat->replies == 0 && (chat->flags & FLAG_SETTLED) && !(chat->flags & FLAG_ABANDONED);
    const double chance = clamp01(served || by_bot ? base * (served ? service_factor(desk, chat) : 1) : base * desk->scenario->money.unserved);
    const double value_fen = order_value(desk, chat) * 100;
    const double u = fl_uniform(fl_draw(chat->key, FL_DRAW_ORDERS, 0));
    if (u < chance) {
        fl_day_add(desk->day, where, FL_COUNT_orders, 1);
        fl_day_add(desk->day, where, FL_COUNT_sales_fen, (uint64_t)(value_fen + 0.5));
    } else if (u < base) { /* she would have bought, had she been served at once */
        fl_day_add(desk->day, where, FL_COUNT_lost_sales_fen, (uint64_t)(value_fen + 0.5));
    }
}

/* A share of the buyers rates the service; how satisfied falls with the mean wait and with transfers. */
static void count_rating(struct fl_desk *desk, const struct chat *chat, const struct fl_where *where)
{
    const struct fl_money *money = &desk->scenario->money;
    if (!(money->rates_share > 0) || !(money->satisfaction_base > 0)) return;
    if (!(fl_uniform(fl_draw(chat->key, FL_DRAW_RATES, 0)) < money->rates_share)) return;
    const double minutes = chat->replies > 0 ? fl_time_to_s(chat->responses_sum) / chat->replies / 60 : 60;
    double satisfied = money->satisfaction_base * fl_pow(1 - money->satisfaction_loss_per_min, minutes) *
                       fl_pow(1 - money->satisfaction_transfer_loss, chat->hops);
    if (chat->replies == 0) satisfied = 0;
    const double u = fl_uniform(fl_draw(chat->key, FL_DRAW_SATISFACTION, 0));
    fl_day_add(desk->day, where, FL_COUNT_ratings, 1);
    if (u < satisfied) fl_day_add(desk->day, where, FL_COUNT_satisfied, 1);
    /* 5 or 4 when satisfied, 3 to 1 when not: the further from the border, the clearer the mark */
    const uint64_t points = u < 0.8 * satisfied ? 5 : u < satisfied ? 4 : u < satisfied + (1 - satisfied) / 3 ? 3 : u < satisfied + (1 - satisfied) * 2 / 3 ? 2 : 1;
    fl_day_add(desk->day, where, FL_COUNT_dsr_points, points);
}

void outcome_count(struct fl_desk *desk, uint32_t c)
{
    const struct chat *chat = &desk->chats[c];
    if (chat->interval == NOT_COUNTED) return;
    struct fl_where where = where_chat(chat);
    if (where.agent == FL_NONE) where.agent = chat->recent_agent != FL_NO_AGENT && chat->replies > 0 ? chat->recent_agent : FL_NONE;
    if (desk->scenario->buyers.intents[chat->intent].is_inquiry) {
        fl_day_add(desk->day, &where, FL_COUNT_inquiries, 1);
        count_sale(desk, chat, &where);
    }
    count_rating(desk, chat, &where);
}
