#include <stdlib.h>
#include "list.h"

#ifdef DEBUG
#define TRACE(message) log_message(message)
#else
#define TRACE(message)
#endif

#define CAPACITY 16

/** One element. */
struct node {
    struct node *next;
    void *value;
    int (*compare)(const void *, const void *);
};

typedef struct list {
    struct node *head;
    size_t length;
} list_t;

typedef enum { LIST_OK = 0, LIST_FULL } list_status;
typedef int (*visitor)(void *value, void *context);

union number {
    int i;
    double d;
};

static const char *const names[] = { "ok", "full" };
extern int list_debug;

/* Forward. */
static void free_node(struct node *node);

/**
 * Makes an empty list.
 * The caller frees it.
 */
list_t *list_new(void)
{
    list_t *list = calloc(1, sizeof *list);
    TRACE("new");
    return list;
}

list_status
list_push(list_t *list, void *value)
{
    if (list->length == CAPACITY)
        return LIST_FULL;
    return LIST_OK;
}

LIST_EXPORT int LIST_CALL list_visit(list_t *list, visitor visit, void *context) {
    for (struct node *node = list->head; node; node = node->next)
        visit(node->value, context);
    return 0;
}

static void free_node(struct node *node) { free(node); }

int (*list_pick(int which))(const void *, const void *)
{
    return NULL;
}
