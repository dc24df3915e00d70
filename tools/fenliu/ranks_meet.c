#include "ranks_meet.h"

#include <stdlib.h>
#include <string.h>

static bool number_in(const char *name, uint32_t *number)
{
    const char *const value = getenv(name);
    if (value == NULL || value[0] < '0' || value[0] > '9') return false;
    *number = (uint32_t)strtoul(value, NULL, 10);
    return true;
}

enum ranks_launcher ranks_launcher(uint32_t *rank)
{
    uint32_t size = 0;
    *rank = 0;
    if (getenv("PMIX_NAMESPACE") != NULL && number_in("PMIX_RANK", rank)) {
        if (number_in("OMPI_COMM_WORLD_SIZE", &size) || number_in("SLURM_STEP_NUM_TASKS", &size)) return size > 1 ? RANKS_PMIX : RANKS_NO_LAUNCHER;
        return RANKS_PMIX;
    }
    if (number_in("OMPI_COMM_WORLD_SIZE", &size) && size > 1 && number_in("OMPI_COMM_WORLD_RANK", rank)) return RANKS_WITHOUT_PMIX;
    if (number_in("SLURM_STEP_NUM_TASKS", &size) && size > 1 && number_in("SLURM_PROCID", rank)) return RANKS_WITHOUT_PMIX;
    if (number_in("PMI_SIZE", &size) && size > 1 && number_in("PMI_RANK", rank)) return RANKS_WITHOUT_PMIX;
    return RANKS_NO_LAUNCHER;
}

#ifdef FENLIU_PMIX

#include <dlfcn.h>
#include <pmix.h>

/* The few functions of the service, found when they are wanted. */
static struct {
    pmix_status_t (*init)(pmix_proc_t *proc, pmix_info_t info[], size_t ninfo);
    pmix_status_t (*finalize)(const pmix_info_t info[], size_t ninfo);
    pmix_status_t (*put)(pmix_scope_t scope, const char key[], pmix_value_t *value);
    pmix_status_t (*commit)(void);
    pmix_status_t (*fence)(const pmix_proc_t procs[], size_t nprocs, const pmix_info_t info[], size_t ninfo);
    pmix_status_t (*get)(const pmix_proc_t *proc, const char key[], const pmix_info_t info[], size_t ninfo, pmix_value_t **value);
} pmix;

static pmix_proc_t own;
static bool joined;
static const char meeting_key[] = "fenliu.meeting";

static bool find_functions(void)
{
    void *const library = dlopen("libpmix.so.2", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) return false;
    *(void **)&pmix.init = dlsym(library, "PMIx_Init");
    *(void **)&pmix.finalize = dlsym(library, "PMIx_Finalize");
    *(void **)&pmix.put = dlsym(library, "PMIx_Put");
    *(void **)&pmix.commit = dlsym(library, "PMIx_Commit");
    *(void **)&pmix.fence = dlsym(library, "PMIx_Fence");
    *(void **)&pmix.get = dlsym(library, "PMIx_Get");
    return pmix.init != NULL && pmix.finalize != NULL && pmix.put != NULL && pmix.commit != NULL && pmix.fence != NULL &&
           pmix.get != NULL;
}

bool ranks_meet(uint32_t *rank, uint32_t *size, const char **why)
{
    pmix_value_t *value = NULL;
    *why = "libpmix.so.2 is not installed";
    if (!find_functions()) return false;
    *why = "the launcher's PMIx service does not answer";
    if (pmix.init(&own, NULL, 0) != PMIX_SUCCESS) return false;
    joined = true;
    pmix_proc_t all = own;
    all.rank = PMIX_RANK_WILDCARD;
    *why = "the launcher's PMIx service does not say how many ranks there are";
    if (pmix.get(&all, PMIX_JOB_SIZE, NULL, 0, &value) != PMIX_SUCCESS || value->type != PMIX_UINT32) return false;
    *rank = own.rank;
    *size = value->data.uint32;
    return true; /* what the service has given is its own, and small */
}

/* All ranks wait for each other and share what was put. To ask for it without waiting is not answered by every launcher. */
static bool share(void)
{
    pmix_info_t info = { .key = PMIX_COLLECT_DATA };
    info.value.type = PMIX_BOOL;
    info.value.data.flag = true;
    return pmix.fence(NULL, 0, &info, 1) == PMIX_SUCCESS;
}

bool ranks_tell(const char *words)
{
    pmix_value_t value = { .type = PMIX_STRING };
    value.data.string = (char *)words;
    return pmix.put(PMIX_GLOBAL, meeting_key, &value) == PMIX_SUCCESS && pmix.commit() == PMIX_SUCCESS && share();
}

bool ranks_hear(char *words, size_t size)
{
    pmix_proc_t first = own;
    pmix_value_t *value = NULL;
    first.rank = 0;
    if (pmix.commit() != PMIX_SUCCESS || !share()) return false;
    if (pmix.get(&first, meeting_key, NULL, 0, &value) != PMIX_SUCCESS || value->type != PMIX_STRING || strlen(value->data.string) >= size) return false;
    memcpy(words, value->data.string, strlen(value->data.string) + 1);
    return true;
}

void ranks_part(void)
{
    if (joined) pmix.finalize(NULL, 0);
    joined = false;
}

#else

bool ranks_meet(uint32_t *rank, uint32_t *size, const char **why)
{
    (void)rank, (void)size;
    *why = "this program was built without PMIx: install libpmix-dev (libopenmpi-dev brings it) and build again";
    return false;
}

bool ranks_tell(const char *words)
{
    (void)words;
    return false;
}

bool ranks_hear(char *words, size_t size)
{
    (void)words, (void)size;
    return false;
}

void ranks_part(void)
{
}

#endif
