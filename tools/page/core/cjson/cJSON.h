/* The part of cJSON's interface that scenarios are read through, for a program without libraries.
 *
 * The functions mean what cJSON 1.7.15 documents for those names, on texts that scenario/text.h has checked: well-formed JSON of
 * bounded depth, without NUL. Numbers are read by strtod and printed with 15 digits, or 17 where these do not give the number back,
 * so that a printed scenario has the same bytes. tests/page/core_same_bytes.mjs holds it to cJSON itself. */
#ifndef FL_PAGE_CJSON_H
#define FL_PAGE_CJSON_H

#include <stdbool.h>
#include <stddef.h>

enum { cJSON_False, cJSON_True, cJSON_NULL, cJSON_Number, cJSON_String, cJSON_Array, cJSON_Object };

typedef struct cJSON {
    struct cJSON *next, *prev; /* of its array or object; the first one's prev is the last, the last one's next NULL */
    struct cJSON *child;       /* the first of an array or object */
    int type;
    char *valuestring; /* of a string; owned */
    int valueint;      /* whatever the caller writes there */
    double valuedouble;
    char *string; /* key of a member; owned */
} cJSON;

/* NULL: no memory, or no JSON. *end (optional) receives where the value ends; what follows it is not looked at. */
cJSON *cJSON_ParseWithLengthOpts(const char *text, size_t bytes, const char **end, int to_the_end);
cJSON *cJSON_ParseWithLength(const char *text, size_t bytes);
void cJSON_Delete(cJSON *item); /* and all within; NULL is fine */

bool cJSON_IsFalse(const cJSON *item);
bool cJSON_IsTrue(const cJSON *item);
bool cJSON_IsBool(const cJSON *item);
bool cJSON_IsNull(const cJSON *item);
bool cJSON_IsNumber(const cJSON *item);
bool cJSON_IsString(const cJSON *item);
bool cJSON_IsArray(const cJSON *item);
bool cJSON_IsObject(const cJSON *item);

int cJSON_GetArraySize(const cJSON *array);
cJSON *cJSON_GetArrayItem(const cJSON *array, int index);
cJSON *cJSON_GetObjectItemCaseSensitive(const cJSON *object, const char *name);
#define cJSON_ArrayForEach(item, array) for ((item) = (array) != NULL ? (array)->child : NULL; (item) != NULL; (item) = (item)->next)

/* NULL: no memory. */
cJSON *cJSON_CreateObject(void);
cJSON *cJSON_CreateArray(void);
cJSON *cJSON_CreateString(const char *text);

/* The item becomes the array's or object's; false when one is NULL or memory ran out, it is then still the caller's. */
bool cJSON_AddItemToArray(cJSON *array, cJSON *item);
bool cJSON_AddItemToObject(cJSON *object, const char *name, cJSON *item);
/* The new item stands where the old one stood, which is deleted; it keeps its own key. */
bool cJSON_ReplaceItemViaPointer(cJSON *parent, cJSON *item, cJSON *replacement);

/* The new member; NULL: no memory. */
cJSON *cJSON_AddBoolToObject(cJSON *object, const char *name, bool value);
cJSON *cJSON_AddNumberToObject(cJSON *object, const char *name, double value);
cJSON *cJSON_AddStringToObject(cJSON *object, const char *name, const char *value);
cJSON *cJSON_AddObjectToObject(cJSON *object, const char *name);
cJSON *cJSON_AddArrayToObject(cJSON *object, const char *name);

/* A text for cJSON_free; NULL: no memory. */
char *cJSON_Print(const cJSON *item);
char *cJSON_PrintUnformatted(const cJSON *item);

void *cJSON_malloc(size_t bytes);
void cJSON_free(void *memory);

#endif
