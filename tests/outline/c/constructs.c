#include <x.h>
#define MAX 10
#define SQ(x) ((x)*(x))
typedef struct foo { int a; struct { int b; } c; } foo_t;
struct bar; struct baz { int x; };
enum e { A, B = 2 }; typedef enum { C } e_t;
union u { int a; };
typedef int (*fn)(int); typedef unsigned long ulong_t;
/* doc f */
static inline const char *f(int a, char **b) { return g(a); }
int proto(int);
int *(*ptrfn(int x))(void) { return 0; }
extern int glob; static const int tab[] = {1,2};
struct foo *make(void)
{
  call(); x->y(); (*z)();
}
EXPORT_API int weird(int x) { return 1; }
int old(a) int a; { return a; }
int (*fp)(int) = 0;
