#define MAX(a,b) ((a)>(b)?(a):(b))
#define N 3
#ifdef X
#define IN_IF 1
int proto_if(int);
#else
int proto_else(int);
static void def_else(void) {}
#endif
typedef int (*handler)(int, void *);
typedef struct node { struct node *next; int (*cb)(int); unsigned f:3; union { int a; float b; } u; } node_t;
static int (*table[3])(int) = {0};
int *ptr_fn(int a) { struct loc { int q; } l; return 0; }
int (*ret_fp(int a))(int) { return 0; }
extern int ext;
enum color { RED, GREEN = 2 };
struct fwd;
void kr(a, b) int a; char b; { }
static inline __attribute__((unused)) int attr(void) { return 1; }
const char *names[] = { "a" };
