package Foo::Bar;
use strict;
# Doc
sub add { my ($a, $b) = @_; return other($a) + $self->m(); }
sub _priv($x) { 1 }
our $VERSION = '1';
use constant MAX => 10;
my $f = sub { 1 };
package Baz { sub z {} }
package Qux;
sub q {}
has name => (is => 'rw');
=head1 NAME

pod

=cut
1;
