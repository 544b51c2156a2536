#import <Foundation/Foundation.h>
#define K 1
// Doc
@interface Foo : NSObject <Bar>
@property (nonatomic, strong) NSString *name;
- (void)doIt:(int)x with:(NSString *)y;
+ (instancetype)make;
@end
@protocol P <NSObject>
- (void)req;
@end
@implementation Foo
- (void)doIt:(int)x with:(NSString *)y {
  [self other:x]; foo(1);
}
+ (instancetype)make { return [[Foo alloc] init]; }
@end
@implementation Foo (Cat)
- (void)cat {}
@end
static int helper(int a) { return a; }
typedef NS_ENUM(NSInteger, Kind) { KindA, KindB };
struct S { int a; };
